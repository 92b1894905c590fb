package bill_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/bill"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
)

// mostTransitions is what a deployment in five weights may take outside of waiting loops.
const mostTransitions = 60

// production is what examples/runningapp/pilotage.yaml has for production: five weights, bakes of
// fifteen minutes, two people who have to agree.
func production(t testing.TB) deploy.Environment {
	t.Helper()
	file, err := config.Load(filepath.Join("..", "..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	environment, err := file.Environment("production")
	if err != nil {
		t.Fatal(err)
	}
	return environment
}

// deployment is a deployment with production's steps, analysis, polls and approval, in a world
// where backups and starts of tasks take minutes.
type deployment struct {
	release string
	// behaviour is that of the release.
	behaviour sim.Behaviour
	want      asl.Status
}

func good() deployment {
	return deployment{"1.1.0", sim.Behaviour{ReadyAfter: 90 * time.Second}, asl.StatusSucceeded}
}

// bad is a release that is worse from 25 % on, and is taken back.
func bad() deployment {
	return deployment{"1.2.0", sim.Behaviour{ReadyAfter: 90 * time.Second, ErrorRate: 0.05, ErrorsFrom: 25}, asl.StatusFailed}
}

// run is the bill of the deployment and of all that it started. Run it in a bubble. The history
// has the time that handlers waited, and what they computed: its clock goes on by the processor time
// of each. Calls of AWS take none here.
func (d deployment) run(ctx context.Context, machines sim.Machines, as deploy.Environment) (_ bill.Bill, err error) {
	configure := func(e *deploy.Environment) {
		e.Strategy, e.Health, e.Analysis, e.TimeoutSeconds = as.Strategy, as.Health, as.Analysis, as.TimeoutSeconds
		e.Approval.Required, e.Approval.Quorum, e.Approval.ExpiresSeconds = as.Approval.Required, as.Approval.Quorum, as.Approval.ExpiresSeconds
	}
	w, err := sim.New(sim.Options{
		Machines: machines, Configure: configure, SnapshotFor: 3 * time.Minute, Lag: 2 * time.Second,
		Behaviours: map[string]sim.Behaviour{d.release: d.behaviour},
	})
	if err != nil {
		return bill.Bill{}, err
	}
	defer func() {
		if failed := w.Close(context.WithoutCancel(ctx)); err == nil {
			err = failed
		}
	}()
	w.Engine.Invoke = computing(w.Engine.Invoke)
	if err := w.GoLive(ctx, "1.0.0", deploy.Blue); err != nil {
		return bill.Bill{}, err
	}
	if err := w.Start(ctx, "d1", sim.Deployment(d.release)); err != nil {
		return bill.Bill{}, err
	}
	for _, person := range []string{sim.Approver, sim.Second} {
		if err := w.World.Clock.Wait(ctx, time.Minute); err != nil {
			return bill.Bill{}, err
		}
		if status, err := w.Vote(ctx, person, approval.Approve); err != nil || status != http.StatusOK {
			return bill.Bill{}, fmt.Errorf("vote of %s: got status %d and error %w", person, status, err)
		}
	}
	run, err := w.Finish(ctx, "d1")
	if err != nil {
		return bill.Bill{}, err
	}
	if run.Status != d.want {
		return bill.Bill{}, fmt.Errorf("it ended as %s (%s), want %s; the path was %v", run.Status, run.Cause, d.want, run.Path)
	}
	return total(ctx, w.Engine)
}

// total is the bill of all executions.
func total(ctx context.Context, engine *asl.Engine) (bill.Bill, error) {
	var sum bill.Bill
	for _, execution := range engine.List(ctx, "") {
		history, err := engine.History(ctx, execution.Arn)
		if err != nil {
			return bill.Bill{}, err
		}
		sum = sum.Add(bill.Of(history))
	}
	return sum, nil
}

type invoke func(context.Context, string, json.RawMessage) (json.RawMessage, error)

// computing lets the virtual clock go on by the processor time that a handler takes.
func computing(next invoke) invoke {
	return func(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
		before := processorTime()
		answer, err := next(ctx, function, payload)
		if spent := processorTime() - before; spent > 0 {
			if late := (clock.System{}).Wait(ctx, spent); late != nil {
				return nil, late
			}
		}
		return answer, err
	}
}

// processorTime is what this process has taken so far: in a bubble the clock does not tell.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestDeploymentInFiveWeightsTakesFewTransitions(t *testing.T) {
	as := production(t)
	if got := len(as.Strategy.Steps); got != 5 {
		t.Fatalf("production has %d weights, want five", got)
	}
	machines, err := sim.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		got, err := good().run(t.Context(), machines, as)
		if err != nil {
			t.Fatal(err)
		}
		if active := got.Transitions - got.Waiting; active > mostTransitions || got.Waiting == 0 {
			t.Errorf("it took %d transitions outside of waiting loops and %d in them, want at most %d outside and some inside", active, got.Waiting, mostTransitions)
		}
	})
}

// BenchmarkDeployment says what a deployment costs, at the end as a table.
func BenchmarkDeployment(b *testing.B) {
	as := production(b)
	machines, err := sim.Shipped()
	if err != nil {
		b.Fatal(err)
	}
	memory := memoryMB(b)
	table := header(memory)
	for _, of := range []struct {
		name string
		deployment
	}{{"five weights", good()}, {"worse at 25 %, taken back", bad()}} {
		b.Run(of.name, func(b *testing.B) {
			var got bill.Bill
			// A bubble wants a T and asks nothing of it; benchmarks have none.
			t := &testing.T{}
			for b.Loop() {
				synctest.Test(t, func(*testing.T) {
					if got, err = of.run(context.Background(), machines, as); err != nil {
						b.Error(err)
					}
				})
			}
			b.ReportMetric(float64(got.Transitions), "transitions")
			b.ReportMetric(got.GBSeconds(memory), "GB-s")
			table += row(of.name, got, memory)
		})
	}
	fmt.Print(table + footer())
}

func header(memory int) string {
	return fmt.Sprintf(`
What a deployment costs, with the steps, bakes and approvals that examples/runningapp has for
production and functions of %d MB: from the histories of its executions, in virtual time.

                            transitions      outside of    invo-             dollars
                                 in all   waiting loops  cations    GB-s   transitions + Lambda
`, memory)
}

func row(name string, got bill.Bill, memory int) string {
	stepFunctions, lambda := got.Dollars(bill.ListPrices(), memory)
	return fmt.Sprintf("%-27s %11d %15d %8d %7.1f   %.4f + %.4f = %.4f\n", name,
		got.Transitions, got.Transitions-got.Waiting, got.Invocations, got.GBSeconds(memory), stepFunctions, lambda, stepFunctions+lambda)
}

func footer() string {
	return fmt.Sprintf(`
Five weights may take %d transitions outside of waiting loops; a test holds them to that. Observe
waits inside its function while a weight bakes, which is most of the GB-s. Not in it: the time of
calls to AWS and of cold starts, and what other services cost.

`, mostTransitions)
}

// memoryMB is what the functions have, by the template that is deployed.
func memoryMB(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "infra", "testdata", "Pipeline.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct{ MemorySize int }
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	memory := 0
	for name, resource := range template.Resources {
		if size := resource.Properties.MemorySize; resource.Type == "AWS::Lambda::Function" {
			if memory != 0 && memory != size {
				t.Fatalf("function %s has %d MB and others %d: a bill of this kind knows one size", name, size, memory)
			}
			memory = size
		}
	}
	return memory
}
