package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// TestFindSaysWhatIsMissing looks where nothing is.
func TestFindSaysWhatIsMissing(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "awslab.py")
	_, err := Find(t.Context(), func(name string) string { return map[string]string{ScriptVariable: nowhere}[name] })
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), nowhere) || !strings.Contains(err.Error(), ScriptVariable) {
		t.Errorf("got %v, want ErrMissing with %s and %s", err, nowhere, ScriptVariable)
	}
}

// script is a shell program in the emulation's place.
func script(t *testing.T, text string) Place {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	path := filepath.Join(t.TempDir(), "lab.sh")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Place{Python: shell, Script: path, Root: t.TempDir()}
}

func TestStartSaysWhatAnEmulationPrintedThatEnded(t *testing.T) {
	place := script(t, "echo port $LAB_PORT scale $LAB_TIME_SCALE extra $EXTRA; exit 3")
	_, err := Start(t.Context(), Options{Place: place, Function: handle, TimeScale: 0.05, Environ: []string{"EXTRA=yes"}})
	if err == nil || !strings.Contains(err.Error(), "scale 0.05 extra yes") {
		t.Errorf("got %v, want what was printed", err)
	}
}

func TestStartNeedsAFunction(t *testing.T) {
	if _, err := Start(t.Context(), Options{}); err == nil {
		t.Error("got no error")
	}
}

// TestStopKillsTheChildrenToo starts a program whose child holds the pipe that is read to its
// end: without the child's death, stop would have to wait.
func TestStopKillsTheChildrenToo(t *testing.T) {
	place := script(t, "echo begun; sleep 1000 & wait")
	p, err := start([]string{place.Python, place.Script}, place.Root, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	for p.tail.String() == "" && !p.ended() {
		if err := (clock.System{}).Wait(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if p.ended() {
		t.Fatalf("it ended by itself: %s", p.tail.String())
	}
	if err := p.stop(stopTimeout); err != nil {
		t.Error(err)
	}
	if !p.ended() {
		t.Error("it still runs")
	}
}

func TestTailKeepsWholeLinesOfTheEnd(t *testing.T) {
	var kept tail
	for range 3 {
		_, _ = kept.Write([]byte(strings.Repeat("x", tailBytes/3) + "\n"))
	}
	_, _ = kept.Write([]byte("the end\n"))
	got := kept.String()
	if !strings.HasSuffix(got, "\nthe end\n") || len(got) > tailBytes || len(strings.Split(got, "\n")[0]) != tailBytes/3 {
		t.Errorf("got %d bytes that begin with a line of %d", len(got), len(strings.Split(got, "\n")[0]))
	}
}
