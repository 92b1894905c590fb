package builder

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// driver reads the names of files with commands from descriptor 3, runs each in this very shell and
// reports its status on descriptor 4. Commands get neither.
const driver = `while IFS= read -r -u 3 __pilotage_file; do
. "$__pilotage_file" 3<&- 4>&- </dev/null
printf '%s\n' "$?" >&4
done`

// shell is one bash in which the commands of a build run one after the other.
type shell struct {
	cmd      *exec.Cmd
	dir      string
	commands *os.File
	// reports are the statuses of commands; it closes with the shell.
	reports chan string
	exited  chan struct{}
}

// open starts a shell in a folder, which writes everything into the log.
func open(root string, environment []string, log *os.File) (*shell, error) {
	dir, err := os.MkdirTemp("", "pilotage-build-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for commands: %w", err)
	}
	s := &shell{dir: dir, reports: make(chan string, 1), exited: make(chan struct{})}
	err = s.start(root, environment, log)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *shell) start(root string, environment []string, log *os.File) error {
	orders, commands, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("connect the shell: %w", err)
	}
	answers, reports, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("connect the shell: %w", err), orders.Close(), commands.Close())
	}
	s.commands = commands
	s.cmd = exec.Command("bash", "--noprofile", "--norc", "-c", driver)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = root, environment, log, log
	s.cmd.ExtraFiles = []*os.File{orders, reports}
	s.cmd.SysProcAttr = attributes()
	began := make(chan error)
	go func() {
		// Linux sends the parent-death signal when the thread that forked ends, not the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		// The shell has its own by now, and must be the only one that writes reports.
		err = errors.Join(err, orders.Close(), reports.Close())
		began <- err
		if err != nil {
			return
		}
		_ = s.cmd.Wait() // how it ended is in its state
		close(s.exited)
	}()
	if err := <-began; err != nil {
		return errors.Join(fmt.Errorf("start bash: %w", err), commands.Close(), answers.Close())
	}
	go func() {
		defer close(s.reports)
		defer func() { _ = answers.Close() }()
		for lines := bufio.NewScanner(answers); lines.Scan(); {
			s.reports <- lines.Text()
		}
	}()
	return nil
}

// run runs the text of a command and returns its status, and whether the shell still is alive
// after it. When ctx ends first everything that the shell has started is killed.
func (s *shell) run(ctx context.Context, text string) (status int, alive bool, err error) {
	path := filepath.Join(s.dir, "command")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return 0, false, fmt.Errorf("write a command: %w", err)
	}
	if _, err := fmt.Fprintln(s.commands, path); err != nil {
		return 0, false, fmt.Errorf("give the shell a command: %w", err)
	}
	select {
	case report, open := <-s.reports:
		if !open {
			// The command ended the shell itself, with exit or under set -e.
			<-s.exited
			return s.cmd.ProcessState.ExitCode(), false, nil
		}
		status, err := strconv.Atoi(report)
		return status, true, err
	case <-ctx.Done():
		return 0, false, nil
	}
}

// end kills what is left of the shell and its processes.
func (s *shell) end() {
	// It may have ended, but not all that it has started: the group has the shell's number.
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.exited
	_ = s.commands.Close()
	for range s.reports { //nolint:revive // until it closes
	}
	_ = os.RemoveAll(s.dir)
}
