package lab

import (
	"bytes"
	"sync"
)

// tailBytes is how much of a log is kept: some tracebacks.
const tailBytes = 16 << 10

// tail keeps the end of what is written to it. It is safe for concurrent use.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// String is what is kept: whole lines, once something was cut off.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.text) < tailBytes {
		return string(t.text)
	}
	_, whole, _ := bytes.Cut(t.text, []byte("\n"))
	return string(whole)
}
