package verify_test

import (
	"context"
	"testing"

	"github.com/pilotage/pilotage/functions/verify"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// world is one in which all is well but for what users are answered.
type world struct{ answer traffic.Answer }

func (world) Routing(context.Context, deploy.Scope) (traffic.Routing, error) {
	return traffic.Routing{Weights: deploy.Split(deploy.Green, 100)}, nil
}

func (world) Health(context.Context, deploy.Scope, deploy.Slot) (traffic.Health, error) {
	return traffic.Health{Healthy: 2, Total: 2}, nil
}

func (w world) Call(context.Context, deploy.Scope, traffic.Call) (traffic.Answer, error) {
	return w.answer, nil
}

func (world) Version(context.Context, string) (int64, error) { return 2, nil }

func TestCriticalRequestsAreJudgedAsSmokeTestsAre(t *testing.T) {
	for name, test := range map[string]struct {
		answer traffic.Answer
		want   string
	}{
		"as expected":     {traffic.Answer{Status: 200, Body: `{"runs":[]}`, Release: "1.1.0"}, ""},
		"another status":  {traffic.Answer{Status: 503, Body: "sorry", Release: "1.1.0"}, `critical request "runs": GET /runs answered 503, not 200: sorry`},
		"another content": {traffic.Answer{Status: 200, Body: "an error page", Release: "1.1.0"}, `critical request "runs": GET /runs answered without "\"runs\":[": an error page`},
		"another release": {traffic.Answer{Status: 200, Body: `{"runs":[]}`, Release: "1.0.0"}, `critical request "runs": GET /runs was answered by release "1.0.0", not by "1.1.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := world{test.answer}
			doc := deploy.Document{ID: "d1", Plan: deploy.Plan{
				Target: deploy.Green, SchemaTo: 2, Release: deploy.ReleaseRef{Version: "1.1.0"},
				SmokeTests: []deploy.SmokeTest{
					{Name: "runs", Method: "GET", Path: "/runs", Status: 200, Contains: `"runs":[`, Critical: true},
					{Name: "not asked", Method: "GET", Path: "/", Status: 418},
				},
			}}
			_, err := verify.Stage{Balancer: w, Caller: w, Schema: w}.Handle(t.Context(), doc)
			if test.want == "" && err == nil {
				return
			}
			if !fault.Is(err, fault.Unhealthy) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
