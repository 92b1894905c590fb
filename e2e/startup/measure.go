package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"
)

// build compiles a program for this machine, as the functions are compiled for Lambda.
func build(ctx context.Context, path, source string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-buildvcs=false", "-o", path, source).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return nil
}

// api is as much of Lambda's Runtime API as a process asks for before its first invocation, which
// never comes.
type api struct {
	address string
	polls   chan time.Time
}

func serve(ctx context.Context) (*api, func() error, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, fmt.Errorf("listen for the binaries: %w", err)
	}
	a := &api{address: listener.Addr().String(), polls: make(chan time.Time, 1)}
	server := &http.Server{Handler: a, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return a, server.Close, nil
}

// ServeHTTP answers a poll when its process has ended.
func (a *api) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/2018-06-01/runtime/invocation/next" {
		a.polls <- time.Now()
	}
	<-r.Context().Done()
}

// warm is how many starts of each are not counted: they read the binary from disk.
const warm = 3

// patience is for a machine that is very busy.
const patience = 30 * time.Second

// compare starts the binaries in turn, each as often, so that what slows the machine down slows
// all of them down. It returns the times of each.
func compare(ctx context.Context, starts int, binaries ...string) ([][]time.Duration, error) {
	a, end, err := serve(ctx)
	if err != nil {
		return nil, err
	}
	defer end() //nolint:errcheck // nothing is served any more
	times := make([][]time.Duration, len(binaries))
	for round := range warm + starts {
		for i, binary := range binaries {
			took, err := a.start(ctx, binary)
			if err != nil {
				return nil, err
			}
			if round >= warm {
				times[i] = append(times[i], took)
			}
		}
	}
	return times, nil
}

// start is the time from the start of a process to its first poll. The process is killed then.
func (a *api) start(ctx context.Context, binary string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	process := exec.CommandContext(ctx, binary)
	process.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + a.address, "_HANDLER=Validate", "AWS_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_NAME=pilotage-Validate"}
	began := time.Now()
	if err := process.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", binary, err)
	}
	defer process.Wait() //nolint:errcheck // it was killed
	select {
	case polled := <-a.polls:
		cancel()
		return polled.Sub(began), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("start %s: no request for an invocation: %w", binary, ctx.Err())
	}
}

// percentile is the time that so many of a hundred do not exceed.
func percentile(times []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)-1)*percent/100]
}

// zipped is how many bytes a file has in a zip.
func zipped(path string) (float64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("zip the functions: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	var size counter
	archive := zip.NewWriter(&size)
	entry, err := archive.Create("bootstrap")
	if err == nil {
		_, err = io.Copy(entry, file)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		return 0, fmt.Errorf("zip %s: %w", path, err)
	}
	return float64(size), nil
}

// counter counts what is written to it.
type counter int64

// Write implements io.Writer; it never fails.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
