package postgres

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

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

// logSince is what was written to a log after an offset, the last 16 kB of it at most.
func logSince(path string, offset int64) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // only read
	if size, err := file.Seek(0, io.SeekEnd); err == nil {
		offset = max(offset, size-16<<10)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	text, _ := io.ReadAll(file) // what could be read is better than nothing
	return string(text)
}

// lastLines keeps the last ten lines, on one line.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], " | ")
}
