package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the built command and what it is run on.
type program struct {
	path string
	root string
	// out is where demonstrations leave their reports, and what they build.
	out string
}

// build compiles the command.
func build(t *testing.T) program {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := program{filepath.Join(dir, "pilotage"), root, filepath.Join(dir, "out")}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, "./cmd/pilotage")
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return p
}

// ended is how a run ended.
type ended struct {
	code           int
	stdout, stderr string
}

// run runs the command in a folder to its end.
func (p program) run(t *testing.T, dir string, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, stdout.String(), stderr.String())
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// scenario writes a scenario whose files are those of the example, and returns its path.
func (p program) scenario(t *testing.T, rest string) string {
	t.Helper()
	example := filepath.Join(p.root, "examples", "runningapp")
	text := "name: short\nsettings: " + filepath.Join(example, "pilotage.local.yaml") + "\nreleases: " + filepath.Join(example, "releases") + "\n" + rest
	path := filepath.Join(t.TempDir(), "short.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// running is a demonstration under way.
type running struct {
	*testing.T
	cmd *exec.Cmd
	out string
	// lines are those of stdout, as they come.
	lines  <-chan string
	stderr *locked
	done   chan struct{}
}

// locked is a buffer that is read while it is written.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a demonstration of a scenario. Processes that it starts are known by the mark in
// their environment, or by the folder that they come from.
func (p program) start(t *testing.T, scenario string) running {
	t.Helper()
	cmd := exec.Command(p.path, "demo", "--plain", "--out", p.out, "--scenario", scenario)
	cmd.Dir = p.root
	cmd.Env = append(os.Environ(), "PILOTAGE_TEST="+p.out)
	reader, writer := io.Pipe()
	r := running{T: t, cmd: cmd, out: p.out, stderr: &locked{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = writer, r.stderr
	// A process of its own group, as a shell starts it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// What is left may hold the pipes open.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	r.lines = lines
	go func() {
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			lines <- scanner.Text()
		}
		close(lines)
	}()
	go func() {
		// How it ended is in its state.
		_ = cmd.Wait()
		_ = writer.Close()
		close(r.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-r.done
	})
	return r
}

// says waits for a line that contains text.
func (r running) says(text string) {
	r.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case line, open := <-r.lines:
			if strings.Contains(line, text) {
				return
			}
			if !open {
				r.Fatalf("it ended and never said %q\n%s", text, r.stderr.String())
			}
		case <-deadline:
			r.Fatalf("it never said %q", text)
		}
	}
}

// until polls what nobody tells.
func (r running) until(what string, within time.Duration, holds func() bool) {
	r.Helper()
	deadline := time.After(within)
	for !holds() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			r.Fatalf("not within %s: %s", within, what)
		}
	}
}
