package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReportSetsTheTimesSideBySide(t *testing.T) {
	of := func(ms ...int) []time.Duration {
		var times []time.Duration
		for _, m := range ms {
			times = append(times, time.Duration(m)*time.Millisecond)
		}
		return times
	}
	got := report(3, of(9, 6, 7), of(2, 90, 1))
	for _, want := range []string{"7.0 ms      7.0 ms", "2.0 ms      2.0 ms", "3.5 ×                 at most 4 ×: met"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwithout %q", got, want)
		}
	}
	if got := report(3, of(9), of(2)); !strings.Contains(got, "4.5 ×                 at most 4 ×: MISSED") {
		t.Errorf("got\n%s\nwant MISSED", got)
	}
}

// TestCompareWaitsForThePoll starts a program that asks for an invocation, by way of curl, and one
// that ends without.
func TestCompareWaitsForThePoll(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	binary := filepath.Join(t.TempDir(), "binary")
	script := "#!/bin/sh\nexec " + curl + " --silent \"http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next\"\n"
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	times, err := compare(t.Context(), 2, binary, binary)
	if err != nil {
		t.Fatal(err)
	}
	if len(times) != 2 || len(times[0]) != 2 || len(times[1]) != 2 || times[0][0] <= 0 {
		t.Errorf("got %v, want two times of each", times)
	}
	if _, err := compare(t.Context(), 1, filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a binary that is not there: got no error")
	}
}

func TestZippedIsTheSizeOfTheZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1e6), 0o600); err != nil {
		t.Fatal(err)
	}
	size, err := zipped(path)
	if err != nil || size < 500 || size > 10_000 {
		t.Errorf("got %v bytes and error %v, want about a thousand", size, err)
	}
	if _, err := zipped(path + "x"); err == nil {
		t.Error("a file that is not there: got no error")
	}
}
