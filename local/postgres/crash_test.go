package postgres_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/shared/clock"
)

const (
	crashDir  = "PILOTAGE_TEST_CRASH_DIR"
	crashCall = "PILOTAGE_TEST_CRASH_CALL"
)

// fatalClock kills its process, as a power cut would, at the call of Now that is counted down to.
type fatalClock struct {
	clock.System
	left *atomic.Int64
}

func (c fatalClock) Now() time.Time {
	if c.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return c.System.Now()
}

// TestCrashingProcess is the process that TestAProcessThatIsKilled starts; run by itself it has
// nothing to do.
func TestCrashingProcess(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		return
	}
	call, err := strconv.Atoi(os.Getenv(crashCall))
	must(t, err)
	left := &atomic.Int64{}
	server, err := postgres.OpenServer(t.Context(), postgres.ServerConfig{
		Binaries: pgtest.Binaries(t), Dir: dir, Password: password, Clock: fatalClock{left: left},
		Durability: postgres.Volatile,
	})
	must(t, err)
	must(t, server.CreateInstance(context.Background(), "orders", 0))
	run(t, server, "orders", "CREATE TABLE note AS SELECT 'acknowledged' AS text")
	left.Store(int64(call))
	must(t, server.CreateSnapshot("orders", "torn"))
	awaitSnapshot(t, server, "torn")
}

func TestAProcessThatIsKilledLeavesNoServerAndNoHalfSnapshot(t *testing.T) {
	// Backup reads the clock when it begins, after pg_backup_start, and when all files but the
	// write-ahead log are copied.
	for name, call := range map[string]string{"before it starts": "2", "before copying": "3", "after copying": "4"} {
		t.Run(name, func(t *testing.T) {
			cfg := serverConfig(t)
			child := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$")
			child.Env = append(os.Environ(), crashDir+"="+cfg.Dir, crashCall+"="+call)
			output, err := child.CombinedOutput()
			if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); err == nil || !ok || status.Signal() != syscall.SIGKILL {
				t.Fatalf("the child ended with %v, want SIGKILL: %s", err, output)
			}
			awaitNoServer(t, cfg.Dir)
			server := openServer(t, cfg)
			if got := snapshot(t, server, "torn"); got.Status != postgres.Failed || got.Instance != "orders" {
				t.Errorf("snapshot = %+v, want a failed one of orders", got)
			}
			if err := server.RestoreInstance("torn", "copy"); err == nil {
				t.Error("half a snapshot was restored")
			}
			dsn := endpoint(t, server, "orders").DSN("")
			if got := query[string](t, connect(t, dsn), "SELECT text FROM note"); got != "acknowledged" {
				t.Errorf("text = %q, want what was acknowledged", got)
			}
			must(t, server.DeleteSnapshot("torn"))
			must(t, server.CreateSnapshot("orders", "torn"))
			awaitSnapshot(t, server, "torn")
		})
	}
}

// awaitNoServer waits until the kernel's signal has shut down every server below dir.
func awaitNoServer(t *testing.T, dir string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var serving []string
		lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
		must(t, err)
		for _, line := range lines {
			if text, err := os.ReadFile(line); err == nil && strings.Contains(string(text), dir) {
				serving = append(serving, line)
			}
		}
		if len(serving) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still there: %v", serving)
		}
		<-time.After(10 * time.Millisecond)
	}
}
