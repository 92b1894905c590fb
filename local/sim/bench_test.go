package sim_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// BenchmarkDeployment is whole deployments, each in a world of its own: from request to retired
// slot, in one step and in five.
func BenchmarkDeployment(b *testing.B) {
	parsed, err := machines()
	if err != nil {
		b.Fatal(err)
	}
	for name, configure := range map[string]func(*deploy.Environment){
		"one step":   func(e *deploy.Environment) { e.Strategy.Steps = deploy.Schedule{{Weight: 100}} },
		"five steps": nil,
	} {
		b.Run(name, func(b *testing.B) {
			// A bubble wants a T and asks nothing of it; benchmarks have none.
			t := &testing.T{}
			for b.Loop() {
				synctest.Test(t, func(*testing.T) { once(b, sim.Options{Machines: parsed, Configure: configure}) })
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}

func once(b *testing.B, options sim.Options) {
	ctx := context.Background()
	w, err := sim.New(options)
	if err == nil {
		err = w.GoLive(ctx, "1.0.0", deploy.Blue)
	}
	if err == nil {
		_, err = w.Run(ctx, "d1", sim.Deployment("1.1.0"))
	}
	if err == nil {
		err = w.Close(ctx)
	}
	if err != nil {
		b.Error(err)
	}
}
