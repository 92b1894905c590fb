package pipelines_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	local "github.com/pilotage/pilotage/local/pipelines"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/pipelines"
)

// run runs an action whose function answers by handle, and says how long it took.
func run(t *testing.T, handle func(s *local.Service, event events.CodePipelineJob, call int) error) (local.Outcome, time.Duration) {
	t.Helper()
	var outcome local.Outcome
	var took time.Duration
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := &local.Service{Clock: clock.System{}}
		s.NewID = func() string { calls++; return fmt.Sprintf("j%d", calls) }
		invoked := 0
		s.Invoke = func(_ context.Context, function string, payload json.RawMessage) error {
			invoked++
			var event events.CodePipelineJobEvent
			if err := json.Unmarshal(payload, &event); err != nil || function != "F" {
				t.Errorf("%s got %s", function, payload)
			}
			return handle(s, event.CodePipelineJob, invoked)
		}
		begun := time.Now()
		var err error
		outcome, err = s.Run(t.Context(), local.Action{Origin: pipelines.Origin{Pipeline: "p"}, Function: "F", Parameters: "{}", Revisions: []string{"r", ""}})
		if took = time.Since(begun); err != nil {
			t.Error(err)
		}
	})
	return outcome, took
}

func TestActionAsksUntilItHasAnEnd(t *testing.T) {
	var seen []string
	outcome, took := run(t, func(s *local.Service, job events.CodePipelineJob, call int) error {
		seen = append(seen, job.ID+job.Data.ContinuationToken)
		if origin, err := s.Origin(t.Context(), job.ID); err != nil || origin.Pipeline != "p" {
			t.Errorf("got %+v and error %v", origin, err)
		}
		if inputs := job.Data.InputArtifacts; len(inputs) != 2 || *inputs[0].Revision != "r" || inputs[1].Revision != nil {
			t.Errorf("got inputs %+v", inputs)
		}
		if call < 3 {
			return s.Continue(t.Context(), job.ID, "-token", pipelines.State{Deployment: "d1", Summary: "goes on"})
		}
		return s.Succeed(t.Context(), job.ID, pipelines.State{Deployment: "d1", Summary: "live"})
	})
	if want := []string{"j1", "j2-token", "j3-token"}; !slices.Equal(seen, want) || took != time.Minute {
		t.Errorf("asked %q in %s, want %q in a minute", seen, took, want)
	}
	if want := []string{"goes on", "goes on", "live"}; !outcome.Succeeded() || outcome.Deployment != "d1" || !slices.Equal(outcome.Answers, want) {
		t.Errorf("got %+v, want success after %q", outcome, want)
	}
}

// TestActionTimesOut: a job that is left open fails after 20 minutes, and no action goes on for
// more than a day. That is what the function must live with.
func TestActionTimesOut(t *testing.T) {
	outcome, took := run(t, func(*local.Service, events.CodePipelineJob, int) error { return nil })
	if outcome.Succeeded() || took != 20*time.Minute {
		t.Errorf("without an answer: got %+v in %s", outcome, took)
	}
	outcome, took = run(t, func(s *local.Service, job events.CodePipelineJob, _ int) error {
		return s.Continue(t.Context(), job.ID, "token", pipelines.State{})
	})
	if outcome.Succeeded() || took != 24*time.Hour || !strings.Contains(outcome.Failure.Message, "24h") {
		t.Errorf("going on for ever: got %+v in %s", outcome.Failure, took)
	}
	outcome, took = run(t, func(s *local.Service, job events.CodePipelineJob, call int) error {
		if call < 3 {
			return errors.New("throttled")
		}
		return s.Fail(t.Context(), job.ID, pipelines.Failure{Kind: pipelines.JobFailed, Message: "no"})
	})
	if outcome.Failure.Message != "no" || took != 3*time.Minute {
		t.Errorf("after two errors: got %+v in %s", outcome, took)
	}
}

func TestJobHasOneAnswer(t *testing.T) {
	outcome, _ := run(t, func(s *local.Service, job events.CodePipelineJob, _ int) error {
		if err := s.Succeed(t.Context(), job.ID, pipelines.State{Summary: "first"}); err != nil {
			t.Error(err)
		}
		for _, id := range []string{job.ID, "no-such-job"} {
			if err := s.Fail(t.Context(), id, pipelines.Failure{Kind: pipelines.JobFailed}); !errors.Is(err, pipelines.ErrNotWaiting) {
				t.Errorf("%s: got error %v, want that nobody waits", id, err)
			}
		}
		if _, err := s.Origin(t.Context(), "no-such-job"); !errors.Is(err, pipelines.ErrNotWaiting) {
			t.Errorf("got error %v, want that nobody waits", err)
		}
		return nil
	})
	if !outcome.Succeeded() || !slices.Equal(outcome.Answers, []string{"first"}) {
		t.Errorf("got %+v, want the first answer", outcome)
	}
}

func TestExecutionsAreKnownByBothNames(t *testing.T) {
	s := &local.Service{}
	s.Register("build", "e1", "c1", "c2")
	if got, err := s.Commits(t.Context(), "build", "e1"); err != nil || !slices.Equal(got, []string{"c1", "c2"}) {
		t.Errorf("got %q and error %v", got, err)
	}
	for _, names := range [][2]string{{"build", "e2"}, {"other", "e1"}} {
		if _, err := s.Commits(t.Context(), names[0], names[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: got error %v, want one of class Invalid", names, err)
		}
	}
}
