package ledgerstore_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/ledger"
)

const (
	crashFile    = "LEDGERSTORE_CRASH_FILE"
	crashKeys    = 4
	crashWriters = 8
)

// TestFileSurvivesCrashes kills a process in the midst of concurrent conditional writes, four
// times over the same file. Whatever was acknowledged must be there, and nothing half.
func TestFileSurvivesCrashes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	acknowledged := make(map[string]int64)
	for crash := range 4 {
		before := total(acknowledged)
		runUntilKilled(t, path, 50+rand.IntN(100), acknowledged)
		if total(acknowledged) == before {
			t.Fatalf("crash %d: the child acknowledged nothing", crash)
		}
		verify(t, path, acknowledged)
	}
}

// TestCrashChild is the process that is killed; it is no test of its own.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashFile)
	if path == "" {
		t.Skip("the child of TestFileSurvivesCrashes")
	}
	file, err := ledgerstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for writer := range crashWriters {
		writers.Go(func() {
			for {
				if err := writeOnce(t.Context(), file, fmt.Sprintf("key-%d", writer%crashKeys)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
			}
		})
	}
	writers.Wait()
}

// writeOnce replaces one item and acknowledges it on the standard output, a line at a time in
// one system call.
func writeOnce(ctx context.Context, file *ledgerstore.File, key string) error {
	item, err := file.Get(ctx, "crash", key)
	if errors.Is(err, ledger.ErrNotFound) {
		item, err = ledger.Item{Partition: "crash", Sort: key}, nil
	}
	if err != nil {
		return err
	}
	item.Body = crashBody(key, item.Version+1)
	stored, err := file.Put(ctx, item)
	if errors.Is(err, ledger.ErrConflict) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "written %s %d\n", key, stored.Version)
	return err
}

// crashBody is what must be stored at a version: long enough for several pages, and of varying
// length, so that a torn write cannot look whole.
func crashBody(key string, version int64) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", key, version))
	return fmt.Appendf(nil, `"%s"`, strings.Repeat(fmt.Sprintf("%x", sum), 1+int(sum[0])))
}

func runUntilKilled(t *testing.T, path string, writes int, acknowledged map[string]int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), crashFile+"="+path)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	for seen := 0; ; seen++ {
		if seen == writes {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var key string
		var version int64
		if _, err := fmt.Sscanf(line, "written %s %d\n", &key, &version); err == nil {
			acknowledged[key] = max(acknowledged[key], version)
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

func verify(t *testing.T, path string, acknowledged map[string]int64) {
	t.Helper()
	file, err := ledgerstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	items, err := file.List(t.Context(), ledger.Query{Partition: "crash", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]int64)
	for _, item := range items {
		found[item.Sort] = item.Version
		if string(item.Body) != string(crashBody(item.Sort, item.Version)) {
			t.Errorf("%s at version %d does not hold what was written", item.Sort, item.Version)
		}
	}
	for key, version := range acknowledged {
		// At most the writers' own unacknowledged writes can be ahead.
		if found[key] < version || found[key] > version+crashWriters {
			t.Errorf("%s is at version %d, acknowledged was %d", key, found[key], version)
		}
	}
}

func total(versions map[string]int64) int64 {
	var sum int64
	for _, version := range versions {
		sum += version
	}
	return sum
}
