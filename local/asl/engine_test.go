package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/asl"
)

const (
	slow = `{"A":{"Type":"Wait","Seconds":60,"End":true}}`
	fast = `{"A":{"Type":"Pass","Output":{"v":1},"End":true}}`
)

func parse(t testing.TB, states string) *asl.Machine {
	t.Helper()
	m, err := asl.Parse(wrap([]byte(states)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bubble runs f in virtual time with an engine that knows the machine m, and shuts it down.
func bubble(t *testing.T, e *asl.Engine, states string, f func(t *testing.T)) {
	t.Helper()
	m := parse(t, states)
	synctest.Test(t, func(t *testing.T) {
		define(t, e, "m", m)
		f(t)
		if err := e.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func start(t *testing.T, e *asl.Engine, machine, name, input string) string {
	t.Helper()
	arn, err := e.Start(t.Context(), machine, name, json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

func TestStartIsIdempotentWhileTheExecutionRuns(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, slow, func(t *testing.T) {
		first := start(t, e, "m", "x", `{"a": 1}`)
		if again := start(t, e, "m", "x", `{"a":1}`); again != first {
			t.Errorf("got %q, want %q", again, first)
		}
		if want := "arn:aws:states:local:000000000000:execution:m:x"; first != want {
			t.Errorf("got %q, want %q", first, want)
		}
		if _, err := e.Start(t.Context(), "m", "x", json.RawMessage(`{"a":2}`)); !errors.Is(err, asl.ErrExecutionAlreadyExists) {
			t.Errorf("another input: got %v", err)
		}
		if _, err := e.Wait(t.Context(), first); err != nil {
			t.Error(err)
		}
		if _, err := e.Start(t.Context(), "m", "x", json.RawMessage(`{"a":1}`)); !errors.Is(err, asl.ErrExecutionAlreadyExists) {
			t.Errorf("after its end: got %v", err)
		}
		if n := len(e.List(t.Context(), "m")); n != 1 {
			t.Errorf("got %d executions, want 1", n)
		}
	})
}

func TestStartRefuses(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, fast, func(t *testing.T) {
		big, _ := json.Marshal(string(make([]byte, 300_000)))
		for _, row := range []struct {
			machine, name, input string
			want                 error
		}{
			{"other", "x", "{}", asl.ErrStateMachineDoesNotExist},
			{"m", "a b", "{}", asl.ErrInvalidName},
			{"m", "a:b", "{}", asl.ErrInvalidName},
			{"m", fmt.Sprintf("%081d", 1), "{}", asl.ErrInvalidName},
			{"m", "x", "{", asl.ErrInvalidExecutionInput},
			{"m", "x", "1 2", asl.ErrInvalidExecutionInput},
			{"m", "x", string(big), asl.ErrInvalidExecutionInput},
		} {
			if _, err := e.Start(t.Context(), row.machine, row.name, json.RawMessage(row.input)); !errors.Is(err, row.want) {
				t.Errorf("%q %q: got %v, want %v", row.machine, row.name, err, row.want)
			}
		}
		if err := e.Define("a/b", parse(t, fast)); !errors.Is(err, asl.ErrInvalidName) {
			t.Errorf("define: got %v", err)
		}
		if n := len(e.List(t.Context(), "")); n != 0 {
			t.Errorf("got %d executions, want none", n)
		}
	})
}

func TestWhatDoesNotExist(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, fast, func(t *testing.T) {
		_, describe := e.Describe(t.Context(), "arn")
		_, history := e.History(t.Context(), "arn")
		_, wait := e.Wait(t.Context(), "arn")
		stop := e.Stop(t.Context(), "arn", "", "")
		for _, err := range []error{describe, history, wait, stop} {
			if !errors.Is(err, asl.ErrExecutionDoesNotExist) {
				t.Errorf("got %v", err)
			}
		}
		success := e.SendTaskSuccess(t.Context(), "token", json.RawMessage("1"))
		failure := e.SendTaskFailure(t.Context(), "token", "X", "")
		beat := e.SendTaskHeartbeat(t.Context(), "token")
		for _, err := range []error{success, failure, beat} {
			if !errors.Is(err, asl.ErrTaskDoesNotExist) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestRedefinitionAffectsOnlyLaterExecutions(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, `{"A":{"Type":"Wait","Seconds":60,"Next":"B"},"B":{"Type":"Pass","Output":"old","End":true}}`, func(t *testing.T) {
		before := start(t, e, "m", "before", "")
		define(t, e, "m", parse(t, `{"A":{"Type":"Pass","Output":"new","End":true}}`))
		after := start(t, e, "m", "after", "")
		for arn, want := range map[string]string{before: `"old"`, after: `"new"`} {
			if got, err := e.Wait(t.Context(), arn); err != nil || string(got.Output) != want {
				t.Errorf("got %s, %v, want %s", got.Output, err, want)
			}
		}
	})
}

func TestDescribeAndList(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, slow, func(t *testing.T) {
		started := time.Now().UTC()
		one := start(t, e, "m", "one", `{"k":1}`)
		time.Sleep(time.Second)
		start(t, e, "m", "two", "")
		got, err := e.Describe(t.Context(), one)
		if err != nil || got.Status != asl.StatusRunning || !got.StopDate.IsZero() || got.Output != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		time.Sleep(time.Minute)
		got, _ = e.Describe(t.Context(), one)
		if got.Status != asl.StatusSucceeded || string(got.Output) != `{"k":1}` || string(got.Input) != `{"k":1}` ||
			!got.StartDate.Equal(started) || got.StopDate.Sub(started) != time.Minute || got.Machine != "m" {
			t.Errorf("got %+v", got)
		}
		var names []string
		for _, x := range e.List(t.Context(), "m") {
			names = append(names, x.Name)
		}
		if want := []string{"two", "one"}; !slices.Equal(names, want) {
			t.Errorf("got %v, want %v", names, want)
		}
		if got := e.List(t.Context(), ""); len(got) != 2 {
			t.Errorf("got %d executions of all machines, want 2", len(got))
		}
		if got := e.List(t.Context(), "other"); len(got) != 0 {
			t.Errorf("got %d executions of another machine, want none", len(got))
		}
	})
}

func TestStatusChangesHaveEventBridgesShape(t *testing.T) {
	var changes []string
	e := &asl.Engine{OnStatus: func(c asl.StatusChange) {
		text, err := json.Marshal(c)
		if err != nil {
			t.Error(err)
		}
		changes = append(changes, string(text))
	}}
	bubble(t, e, `{"A":{"Type":"Wait","Seconds":1,"Next":"B"},"B":{"Type":"Choice","Choices":[{"Condition":"{% $states.input.ok %}","Next":"C"}],"Default":"D"},"C":{"Type":"Succeed"},"D":{"Type":"Fail","Error":"X","Cause":"c"}}`, func(t *testing.T) {
		for _, input := range []string{`{"ok":true}`, `{"ok":false}`} {
			if _, err := e.Wait(t.Context(), start(t, e, "m", fmt.Sprint("x", len(changes)), input)); err != nil {
				t.Error(err)
			}
		}
	})
	const head = `{"executionArn":"arn:aws:states:local:000000000000:execution:m:x%d","stateMachineArn":` +
		`"arn:aws:states:local:000000000000:stateMachine:m","name":"x%[1]d","status":"%s","startDate":%d,"stopDate":%s,` +
		`"input":"{\"ok\":%v}","inputDetails":{"included":true},"output":%s,"outputDetails":{"included":%v},"error":%s,"cause":%s}`
	want := []string{
		fmt.Sprintf(head, 0, "RUNNING", 946684800000, "null", true, "null", false, "null", "null"),
		fmt.Sprintf(head, 0, "SUCCEEDED", 946684800000, "946684801000", true, `"{\"ok\":true}"`, true, "null", "null"),
		fmt.Sprintf(head, 2, "RUNNING", 946684801000, "null", false, "null", false, "null", "null"),
		fmt.Sprintf(head, 2, "FAILED", 946684801000, "946684802000", false, "null", false, `"X"`, `"c"`),
	}
	if !slices.Equal(changes, want) {
		t.Errorf("got\n%v\nwant\n%v", changes, want)
	}
}

func TestEventsArriveInOrderAndMayCallTheEngine(t *testing.T) {
	var e *asl.Engine
	var seen []asl.HistoryEvent
	e = &asl.Engine{OnEvent: func(event asl.Event) {
		seen = append(seen, event.HistoryEvent)
		history, err := e.History(context.Background(), event.ExecutionArn)
		if err != nil || len(history) < len(seen) || event.MachineName != "m" {
			t.Errorf("got %d events, %v, in %q; have seen %d", len(history), err, event.MachineName, len(seen))
		}
	}}
	const parallel = `{"A":{"Type":"Parallel","End":true,"Branches":[
		{"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":1,"Next":"C"},"C":{"Type":"Pass","End":true}}},
		{"StartAt":"D","States":{"D":{"Type":"Wait","Seconds":1,"Next":"E"},"E":{"Type":"Pass","End":true}}}]}}`
	bubble(t, e, parallel, func(t *testing.T) {
		arn := start(t, e, "m", "x", "")
		if _, err := e.Wait(t.Context(), arn); err != nil {
			t.Error(err)
		}
		history, _ := e.History(t.Context(), arn)
		if !slices.EqualFunc(history, seen, func(a, b asl.HistoryEvent) bool { return a.ID == b.ID && a.Type == b.Type }) {
			t.Errorf("got %v, want %v", seen, history)
		}
		checkHistory(t, history)
		checkBranches(t, history)
	})
}

// checkBranches asserts that every event of a branch follows one of the same branch.
func checkBranches(t *testing.T, history []asl.HistoryEvent) {
	t.Helper()
	branch := map[string]string{"B": "1", "C": "1", "D": "2", "E": "2"}
	for _, event := range history {
		if event.StateEntered == nil || branch[event.StateEntered.Name] == "" {
			continue
		}
		before := history[event.PreviousEventID-1]
		switch {
		case before.Type == "ParallelStateStarted":
		case before.StateExited == nil || branch[before.StateExited.Name] != branch[event.StateEntered.Name]:
			t.Errorf("%s follows event %d, %s", event.StateEntered.Name, before.ID, before.Type)
		}
	}
}

func TestShutdownAbortsEverythingAndWaits(t *testing.T) {
	var ended atomic.Bool
	e := &asl.Engine{Invoke: func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
		<-ctx.Done()
		time.Sleep(time.Second) // virtual: cleaning up
		ended.Store(true)
		return nil, ctx.Err()
	}}
	bubble(t, e, `{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f"},"End":true}}`, func(t *testing.T) {
		arn := start(t, e, "m", "x", "")
		time.Sleep(time.Minute)
		hurried, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := e.Shutdown(hurried); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline", err)
		}
		if err := e.Shutdown(t.Context()); err != nil || !ended.Load() {
			t.Errorf("got %v, the function has ended: %v", err, ended.Load())
		}
		got, err := e.Wait(t.Context(), arn)
		if err != nil || got.Status != asl.StatusAborted || got.Cause == "" {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := e.Start(t.Context(), "m", "y", nil); !errors.Is(err, asl.ErrShutDown) {
			t.Errorf("got %v, want %v", err, asl.ErrShutDown)
		}
	})
}

func TestAFunctionOutlivesItsState(t *testing.T) {
	var ended atomic.Bool
	e := &asl.Engine{Invoke: func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
		time.Sleep(time.Minute) // virtual
		ended.Store(ctx.Err() == nil)
		return nil, nil
	}}
	bubble(t, e, `{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f"},"TimeoutSeconds":1,"End":true}}`, func(t *testing.T) {
		got, err := e.Wait(t.Context(), start(t, e, "m", "x", ""))
		if err != nil || got.Error != "States.Timeout" || ended.Load() {
			t.Errorf("got %+v, %v", got, err)
		}
		time.Sleep(time.Hour)
		if !ended.Load() {
			t.Error("the function was interrupted")
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, slow, func(t *testing.T) {
		arn := start(t, e, "m", "x", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := e.Wait(ctx, arn); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestStopReachesTheChild(t *testing.T) {
	e := &asl.Engine{}
	bubble(t, e, `{"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Arguments":{"StateMachineArn":"inner","Name":"c"},"End":true}}`, func(t *testing.T) {
		define(t, e, "inner", parse(t, slow))
		arn := start(t, e, "m", "x", "")
		time.Sleep(time.Second)
		if err := e.Stop(t.Context(), arn, "Mine", "enough"); err != nil {
			t.Error(err)
		}
		got, err := e.Wait(t.Context(), "arn:aws:states:local:000000000000:execution:inner:c")
		if err != nil || got.Status != asl.StatusAborted {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestManyExecutionsAtATime(t *testing.T) {
	var mu sync.Mutex
	ends := map[asl.Status]int{}
	e := &asl.Engine{
		Invoke: func(_ context.Context, _ string, payload json.RawMessage) (json.RawMessage, error) {
			return payload, nil
		},
		OnStatus: func(c asl.StatusChange) {
			mu.Lock()
			defer mu.Unlock()
			ends[c.Status]++
		},
	}
	m, err := asl.Parse([]byte(pipeline))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		define(t, e, "m", m)
		for i := range 200 {
			start(t, e, "m", fmt.Sprint(i), fmt.Sprintf(`{"id":%d,"weights":[1,50,100]}`, i))
		}
		for i := range 200 {
			got, err := e.Wait(t.Context(), fmt.Sprint("arn:aws:states:local:000000000000:execution:m:", i))
			if err != nil || string(got.Output) != fmt.Sprintf(`{"id":%d,"shifted":[1,50,100]}`, i) {
				t.Fatalf("got %s %s %s, %v", got.Output, got.Error, got.Cause, err)
			}
		}
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if ends[asl.StatusRunning] != 200 || ends[asl.StatusSucceeded] != 200 {
		t.Errorf("got %v", ends)
	}
}
