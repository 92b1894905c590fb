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

// limit bounds a whole run.
const limit = 12 * time.Minute

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
	place, err := lab.Find(ctx, os.Getenv)
	if err != nil {
		return err
	}
	if err := os.Chdir(place.Root); err != nil {
		return fmt.Errorf("enter the repository: %w", err)
	}
	dir, err := os.MkdirTemp("", "pilotage-e2e-aws-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	w := &world{dir: dir, place: place}
	defer func() {
		err = errors.Join(err, w.close())
		if os.Getenv("E2E_KEEP") == "" {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	begun := time.Now()
	if err := w.open(ctx); err != nil {
		return err
	}
	say("ready after %s", time.Since(begun).Round(time.Second))
	return w.play(ctx)
}

func say(format string, values ...any) {
	fmt.Printf("==> "+format+"\n", values...)
}

// logFile is where what functions log is kept during a run.
func (w *world) logFile() string { return filepath.Join(w.dir, "functions.log") }
