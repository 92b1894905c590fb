package slots

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// task is one process of a release.
type task struct {
	digest string
	// url is where it listens.
	url string
	cmd *exec.Cmd
	log *tail
	// done is closed when the process has ended; state says how from then on.
	done chan struct{}
	err  error
}

// start runs a release's program on a free port of this machine.
func (f *Fleet) start(scope deploy.Scope, path string, workload deploy.Workload) (*task, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	environment, err := f.Places[scope].Environment()
	if err != nil {
		return nil, err
	}
	log := &tail{}
	cmd := exec.Command(path)
	cmd.Env = append(environment, "ADDRESS="+address, "PORT="+address[strings.LastIndex(address, ":")+1:])
	cmd.Stdout, cmd.Stderr = log, log
	// The process dies with this one, however this one ends.
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", path, err)
	}
	t := &task{digest: workload.Digest, url: "http://" + address, cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		t.err = cmd.Wait()
		close(t.done)
	}()
	return t, nil
}

// freeAddress is a port of this machine that nobody listens on. Somebody may take it before
// the process does; then the process ends, and the slot starts another one.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}

// end asks the process to end and, when it does not within the time, kills it. It returns when
// the process is gone. Repeating it is safe.
func (t *task) end(within time.Duration) {
	// Signalling fails only for a process that has ended.
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		_ = t.cmd.Process.Kill()
		<-t.done
	}
}

// epitaph says how a process ended and what it said last.
func (t *task) epitaph() string {
	how := "exited with status 0"
	if t.err != nil {
		how = t.err.Error()
	}
	if line := t.log.last(); line != "" {
		return fmt.Sprintf("task ended (%s), its last line: %s", how, line)
	}
	return fmt.Sprintf("task ended (%s) without a word", how)
}

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
