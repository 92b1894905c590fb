package slots

import (
	"strings"
	"sync"
)

// tail keeps the last bytes that a process wrote.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const keepBytes = 8 << 10

// Write keeps the end of everything written.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if surplus := len(t.text) - keepBytes; surplus > 0 {
		t.text = append(t.text[:0], t.text[surplus:]...)
	}
	return len(p), nil
}

// last is the last line written, cut at 300 bytes.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	line := strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
	const most = 300
	return line[:min(len(line), most)]
}
