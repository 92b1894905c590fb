package ledgerstore_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/ledger/ledgertest"
)

func TestFileKeepsTheContract(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledger.Store {
		return open(t, filepath.Join(t.TempDir(), "ledger.db"))
	})
}

func TestMemoryKeepsTheContract(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledger.Store { return &ledgerstore.Memory{} })
}

func TestFileRemembersAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	first := open(t, path)
	item := ledger.Item{
		Partition: "scope#app/production", Sort: "lock", Body: []byte(`{"owner":"d-1"}`),
		ExpiresAt: time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC),
	}
	want, err := first.Put(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path).Get(t.Context(), item.Partition, item.Sort)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != want.Version || string(got.Body) != string(want.Body) || !got.ExpiresAt.Equal(want.ExpiresAt) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFileIsLockedAgainstASecondUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	open(t, path)
	_, err := ledgerstore.Open(path)
	var inUse *ledgerstore.InUseError
	if !errors.As(err, &inUse) {
		t.Fatalf("got error %v, want an InUseError", err)
	}
	if got, want := err.Error(), "another pilotage is using "+path; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOpenSaysWhichFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "ledger.db")
	if _, err := ledgerstore.Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want one that names %s", err, path)
	}
}

func TestClosedFileRefusesWrites(t *testing.T) {
	file := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	for range 2 {
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	item := ledger.Item{Partition: "p", Sort: "s", Body: []byte(`{}`)}
	if _, err := file.Put(t.Context(), item); err == nil {
		t.Error("a closed ledger took a write")
	}
}

func open(t *testing.T, path string) *ledgerstore.File {
	t.Helper()
	file, err := ledgerstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file
}
