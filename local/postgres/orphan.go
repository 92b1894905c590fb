package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// clearStale deals with the postmaster.pid that an earlier process left. PostgreSQL would refuse
// to start when its number belongs to any living process of the same account, and a server that
// outlived its parent would keep the directory.
func clearStale(clk clock.Clock, data string, patience time.Duration) error {
	pidFile := filepath.Join(data, "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && pid > 1 && servesDirectory(pid, data) {
		if err := endOrphan(clk, pid, data, patience); err != nil {
			return err
		}
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the stale %q: %w", pidFile, err)
	}
	return nil
}

// servesDirectory reports whether the process with the number is a server over the data
// directory: numbers are used again, and nothing else may be ended.
func servesDirectory(pid int, data string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err == nil {
		args := bytes.Split(line, []byte{0})
		return slices.ContainsFunc(args, func(arg []byte) bool { return string(arg) == data })
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		return false
	}
	// No /proc, as on macOS.
	line, err = exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && bytes.Contains(line, []byte(" "+data+" "))
}

// endOrphan shuts a server down that is not our child, so that only its number is known.
func endOrphan(clk clock.Clock, pid int, data string, patience time.Duration) error {
	steps := []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, patience}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}}
	for _, step := range steps {
		if err := syscall.Kill(pid, step.signal); err != nil {
			break // it has ended
		}
		for end := clk.Now().Add(step.patience); clk.Now().Before(end); {
			if !servesDirectory(pid, data) {
				return nil
			}
			if err := clk.Wait(context.Background(), readyPoll); err != nil {
				return err
			}
		}
	}
	if servesDirectory(pid, data) {
		return fmt.Errorf("process %d still serves %q and cannot be stopped: end it", pid, data)
	}
	return nil
}
