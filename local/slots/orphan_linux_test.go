package slots_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fleet"
)

// parent is a program with a fleet of its own, which tells its process and then waits.
func parent() {
	f, lb, err := open(filepath.Dir(os.Args[0]), clock.System{})
	if err != nil {
		panic(err)
	}
	order := fleet.Order{Slot: deploy.Blue, Workload: deploy.Workload{Digest: "good", Count: 1}, Deployment: "d1"}
	if _, err := f.Run(context.Background(), good(), scope(), order); err != nil {
		panic(err)
	}
	for {
		response, err := http.Get(lb.Targets("blue")[0] + "/health")
		if err == nil {
			response.Body.Close()
			fmt.Println(response.Header.Get("X-Pid"))
			break
		}
		_ = clock.System{}.Wait(context.Background(), 10e6)
	}
	wait()
}

func TestKilledParentLeavesNoProcess(t *testing.T) {
	path, err := artefacts{t.TempDir()}.Artefact(t.Context(), "shoes", "parent")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, convErr := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || convErr != nil || !alive(pid) {
		t.Fatalf("the parent told %q: %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// It was killed, which is an error.
	_ = cmd.Wait()
	fixture{T: t}.until("the service has ended with its parent", func() bool { return !alive(pid) })
}
