// Command aws runs the pipeline end to end against an independent emulation of AWS: the stacks
// that the CDK app synthesises, the real bootstrap binary behind a Lambda Runtime API, and the
// emulation's own Step Functions interpreter. README.md says what is real and what stands in.
//
// Where the emulation is not installed it says so and ends well.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/pilotage/pilotage/e2e/lab"
)

// limit bounds a whole run, and leftAt is where it leaves what it has made.
const (
	limit  = 15 * time.Minute
	leftAt = "build/e2e-aws"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx)
	cancel()
	stop()
	if errors.Is(err, lab.ErrMissing) {
		fmt.Println("SKIPPED e2e/aws:", err)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/aws:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	w, err := enter(ctx)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, w.close())
	}()
	if err := w.open(ctx); err != nil {
		return err
	}
	say("ready after %s", time.Since(w.began).Round(time.Second))
	return w.play(ctx)
}

// enter goes to the root of the repository, where everything runs, and finds the emulation.
func enter(ctx context.Context) (*world, error) {
	place, err := lab.Find(ctx, os.Getenv)
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(place.Root); err != nil {
		return nil, fmt.Errorf("enter the repository: %w", err)
	}
	dir, err := filepath.Abs(leftAt)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	return &world{dir: dir, installed: place, began: time.Now()}, nil
}

func say(format string, values ...any) {
	fmt.Printf("==> "+format+"\n", values...)
}
