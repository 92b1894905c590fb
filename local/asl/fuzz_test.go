package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/codebuild"
)

// FuzzRun parses any definition and runs what Parse takes for at most an hour of virtual time:
// nothing panics, every execution ends, no goroutine stays.
func FuzzRun(f *testing.F) {
	f.Add([]byte(pipeline), []byte(`{"weights":[1]}`))
	for _, s := range load(f) {
		f.Add(s.definition(), []byte(s.Input))
	}
	f.Fuzz(func(t *testing.T, definition, input []byte) {
		m, err := asl.Parse(definition)
		if err != nil {
			return
		}
		synctest.Test(t, func(t *testing.T) { runBounded(t, m, input) })
	})
}

func runBounded(t *testing.T, m *asl.Machine, input []byte) {
	var calls atomic.Int64
	e := &asl.Engine{Invoke: func(_ context.Context, _ string, payload json.RawMessage) (json.RawMessage, error) {
		if calls.Add(1)%3 == 0 {
			return nil, errors.New("every third call fails")
		}
		return payload, nil
	}, Build: func(ctx context.Context, order asl.BuildOrder, started func(codebuild.Build)) (codebuild.Build, error) {
		if minutes := order.TimeoutInMinutesOverride; order.ProjectName == "" || minutes != 0 && (minutes < 5 || minutes > 2160) {
			t.Errorf("got %+v, which CodeBuild would refuse", order)
		}
		started(codebuild.Build{ID: order.ProjectName + ":1"})
		select {
		case <-time.After(time.Minute): // virtual
		case <-ctx.Done():
		}
		if calls.Add(1)%3 == 0 {
			return codebuild.Build{}, errors.New("every third call fails")
		}
		return codebuild.Build{ID: order.ProjectName + ":1", Status: codebuild.Succeeded}, nil
	}}
	define(t, e, "m", m)
	if arn, err := e.Start(t.Context(), "m", "x", input); err == nil {
		time.Sleep(time.Hour) // virtual
		if err := e.Stop(t.Context(), arn, "", ""); err != nil {
			t.Error(err)
		}
		got, err := e.Wait(t.Context(), arn)
		if err != nil || got.Status == asl.StatusRunning {
			t.Errorf("got %+v, %v", got, err)
		}
		history, _ := e.History(t.Context(), arn)
		checkHistory(t, history)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// FuzzParse reads any text: Parse refuses or takes it, and never panics.
func FuzzParse(f *testing.F) {
	for _, s := range load(f) {
		f.Add(s.definition())
	}
	f.Fuzz(func(t *testing.T, definition []byte) {
		m, err := asl.Parse(definition)
		if (m == nil) == (err == nil) {
			t.Errorf("got %v and %v", m, err)
		}
	})
}
