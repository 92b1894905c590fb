package differential

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/clock"
)

// service remembers what a script tells it.
type service struct {
	mu   sync.Mutex
	told []string
}

func (s *service) tell(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, text)
	return nil
}

func (s *service) Decide(_ context.Context, token string, d Decision) error {
	return s.tell("decide " + token + " " + string(d.Output) + d.Error)
}

func (s *service) Stop(_ context.Context, key Key, _, cause string) error {
	return s.tell("stop " + key.String() + " " + cause)
}

func TestScriptAnswersInTheRecordedOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &service{}
		script := &Script{Service: told, Clock: clock.System{}}
		script.Learn(Trace{{
			Key: Key{"deploy", "p1"}, Status: "ABORTED", Cause: "by hand",
			Calls: []Call{
				{Stage: "Plan", Reply: Reply{Failure: asl.LambdaFailure("Pilotage.Transient", "again")}},
				{Stage: "Plan", Reply: Reply{Answer: json.RawMessage(`1`)}},
				{Stage: "Approve", Reply: Reply{Answer: json.RawMessage(`2`)}, Decision: &Decision{Output: json.RawMessage(`{}`)}},
				{Stage: "Lock", Reply: Reply{Dead: true, Failure: &asl.Failure{Cause: "killed"}}},
			},
		}})
		ask := func(stage string) string {
			token := map[string]string{"Approve": "t"}[stage]
			payload := `{"stage":"` + stage + `","execution":"arn:aws:states:r:1:execution:deploy:p1","taskToken":"` + token + `"}`
			answer, err := script.Answer(t.Context(), "F", json.RawMessage(payload))
			var typed *lab.Error
			switch {
			case errors.As(err, &typed):
				return typed.Type
			case err != nil:
				return "died: " + err.Error()
			}
			return string(answer)
		}
		var got []string
		for _, stage := range []string{"Plan", "Plan", "Approve", "Lock", "Plan"} {
			got = append(got, ask(stage))
		}
		if want := []string{"Pilotage.Transient", "1", "2", "died: killed", Unscripted}; !slices.Equal(got, want) {
			t.Errorf("got answers %q, want %q", got, want)
		}
		if err := script.Clock.Wait(t.Context(), 2*decideAfter); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if want := []string{"stop deploy:p1 by hand", "decide t {}"}; !slices.Equal(told.told, want) {
			t.Errorf("the service was told %q, want %q", told.told, want)
		}
		calls, problems := script.Heard(Key{"deploy", "p1"})
		if len(calls) != 5 || len(problems) != 1 {
			t.Errorf("heard %d calls and problems %q, want 5 and one", len(calls), problems)
		}
	})
}
