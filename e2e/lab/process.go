package lab

import (
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// process is a program that was started, with its children.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	tail tail
}

// start starts a program in a folder. The goroutine keeps its thread until the program has
// ended, because Linux sends the parent-death signal when the thread that forked ends, not the
// process (https://go.dev/issue/27505).
func start(words []string, dir string, environ []string) (*process, error) {
	p := &process{cmd: exec.Command(words[0], words[1:]...), done: make(chan struct{})} //nolint:noctx // stop ends it
	p.cmd.Dir, p.cmd.Env = dir, environ
	p.cmd.Stdout, p.cmd.Stderr = &p.tail, &p.tail
	p.cmd.SysProcAttr = attributes()
	// A child that survives would keep the pipes open.
	p.cmd.WaitDelay = stopTimeout
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in what it printed
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", words[0], err)
	}
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop kills the program and its children, and waits. It has nothing to save.
func (p *process) stop(patience time.Duration) error {
	kill(p.cmd.Process)
	timer := time.NewTimer(2 * patience)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return fmt.Errorf("process %d did not end in %s", p.cmd.Process.Pid, 2*patience)
	}
}
