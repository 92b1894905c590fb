package releases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// build runs the command of a manifest, which writes the program.
func (c *Catalog) build(ctx context.Context, command []string, program string) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("make the folder for programs: %w", err)
	}
	arguments := slices.Clone(command)
	for i := range arguments {
		arguments[i] = strings.ReplaceAll(arguments[i], "$OUT", program)
	}
	cmd := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	cmd.Dir = c.Root
	// Compilers that the command has started end with it.
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	// Linux sends the parent-death signal when the thread that forked ends, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	output, err := cmd.CombinedOutput()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("build with %q: %w", strings.Join(arguments, " "), err)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("build with %q: %w", strings.Join(arguments, " "), err), errors.New(strings.TrimSpace(string(output))))
	}
	return nil
}
