package main

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// mostInitBytes is what all packages together may allocate before main. At 4 MB Go collects
// garbage for the first time: in the middle of a cold start.
const mostInitBytes = 2_500_000

// allocatesLittle counts what package initialisation allocates. It comes before every cold start,
// so what a new dependency does there is paid for each time.
func allocatesLittle(t *testing.T, binary string) {
	cmd := exec.Command(binary)
	// Nothing listens there: it ends at once.
	cmd.Env = []string{"GODEBUG=inittrace=1", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1", "_HANDLER=Lock"}
	out, _ := cmd.CombinedOutput() // that it failed is what is wanted
	sum, most, name := 0, 0, ""
	for _, found := range regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes,`).FindAllStringSubmatch(string(out), -1) {
		bytes, err := strconv.Atoi(found[2])
		if err != nil {
			t.Fatal(err)
		}
		sum += bytes
		if bytes > most {
			most, name = bytes, found[1]
		}
	}
	if sum == 0 || sum > mostInitBytes {
		t.Errorf("packages allocate %d bytes before main, want some and at most %d; most of all %s, %d", sum, mostInitBytes, name, most)
	}
}
