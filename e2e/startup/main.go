// Command startup measures how long the binary of all functions takes from its start to its first
// request for an invocation, side by side with a handler that does nothing, and how large it is
// zipped. That is the part of a cold start that the binary is responsible for; what Lambda does
// before it is not in it.
//
//	go run ./e2e/startup [-starts 40] [-lambda build/lambda/bootstrap]
//
// It only tells: a time that is over its target is no error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The targets. A start is compared with what it cannot be faster than on the same machine; Lambda
// takes a zip of up to 50 MB, and loads a small one faster.
const (
	mostTimes = 4.0
	mostZip   = 15e6
)

func main() {
	starts := flag.Int("starts", 40, "how often each binary is started")
	lambda := flag.String("lambda", "", "the binary for Lambda, whose size zipped is told")
	flag.Parse()
	if err := run(context.Background(), *starts, *lambda); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, starts int, lambda string) error {
	dir, err := os.MkdirTemp("", "startup")
	if err != nil {
		return fmt.Errorf("make a folder for the binaries: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	functions, empty := filepath.Join(dir, "bootstrap"), filepath.Join(dir, "empty")
	for path, source := range map[string]string{functions: "./functions/bootstrap", empty: "./e2e/startup/empty"} {
		if err := build(ctx, path, source); err != nil {
			return err
		}
	}
	times, err := compare(ctx, starts, functions, empty)
	if err != nil {
		return err
	}
	fmt.Print(report(starts, times[0], times[1]))
	if lambda == "" {
		return nil
	}
	size, err := zipped(lambda)
	if err != nil {
		return err
	}
	fmt.Printf("  zipped for Lambda   %8.1f MB                under %.0f MB: %s\n", size/1e6, mostZip/1e6, verdict(size < mostZip))
	return nil
}

// report is the table of the times.
func report(starts int, functions, empty []time.Duration) string {
	ratio := float64(percentile(functions, 50)) / float64(percentile(empty, 50))
	return fmt.Sprintf("  from start to first poll    median       90 %%   (%d starts of each, in turn)\n", starts) +
		row("all functions", functions) + row("an empty handler", empty) +
		fmt.Sprintf("  ratio               %8.1f ×                 at most %.0f ×: %s\n", ratio, mostTimes, verdict(ratio <= mostTimes))
}

func row(name string, times []time.Duration) string {
	return fmt.Sprintf("  %-19s %8.1f ms %8.1f ms\n", name, milliseconds(percentile(times, 50)), milliseconds(percentile(times, 90)))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}
