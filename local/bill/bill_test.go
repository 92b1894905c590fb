package bill

import (
	"math"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/asl"
)

// history is that of an execution: names are states that are entered, those that begin with Wait
// are Wait states; "+20ms" is an invocation that takes so long, "+20ms!" one that fails,
// "+20ms?" one that waits an hour for its token then, and "+20ms-" one whose token is never used.
func history(t *testing.T, words ...string) []asl.HistoryEvent {
	t.Helper()
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	var events []asl.HistoryEvent
	add := func(event asl.HistoryEvent) {
		event.Timestamp = now
		events = append(events, event)
	}
	lambda := asl.TaskDetails{Resource: "invoke", ResourceType: "lambda"}
	for _, word := range words {
		if word[0] != '+' {
			kind := "TaskStateEntered"
			if word[0] == 'W' {
				kind = "WaitStateEntered"
			}
			add(asl.HistoryEvent{Type: kind, StateEntered: &asl.StateEnteredDetails{Name: word}})
			continue
		}
		mark := word[len(word)-1]
		if mark != 's' {
			word = word[:len(word)-1]
		}
		took, err := time.ParseDuration(word[1:])
		if err != nil {
			t.Fatal(err)
		}
		add(asl.HistoryEvent{TaskScheduled: &asl.TaskScheduledDetails{TaskDetails: lambda}})
		add(asl.HistoryEvent{TaskStarted: &lambda})
		now = now.Add(took)
		switch mark {
		case '!':
			add(asl.HistoryEvent{TaskFailed: &asl.TaskFailureDetails{TaskDetails: lambda}})
		case '-':
			add(asl.HistoryEvent{TaskSubmitted: &asl.TaskOutputDetails{TaskDetails: lambda}})
			now = now.Add(time.Hour)
			add(asl.HistoryEvent{TaskTimedOut: &asl.TaskFailureDetails{TaskDetails: asl.TaskDetails{Resource: "invoke.waitForTaskToken", ResourceType: "lambda"}}})
		case '?':
			add(asl.HistoryEvent{TaskSubmitted: &asl.TaskOutputDetails{TaskDetails: lambda}})
			now = now.Add(time.Hour)
			fallthrough
		default:
			add(asl.HistoryEvent{TaskSucceeded: &asl.TaskOutputDetails{TaskDetails: lambda}})
		}
	}
	return events
}

func TestOf(t *testing.T) {
	for name, test := range map[string]struct {
		words []string
		want  Bill
	}{
		"nothing":                   {nil, Bill{}},
		"one after the other":       {[]string{"Plan", "+2ms", "Lock", "+3ms"}, Bill{Transitions: 2, Invocations: 2, Billed: 5 * time.Millisecond}},
		"a millisecond at least":    {[]string{"Plan", "+1us"}, Bill{Transitions: 1, Invocations: 1, Billed: time.Millisecond}},
		"begun milliseconds":        {[]string{"Plan", "+1001us"}, Bill{Transitions: 1, Invocations: 1, Billed: 2 * time.Millisecond}},
		"a retry is a transition":   {[]string{"Plan", "+2ms!", "+2ms!", "+2ms", "Lock", "+1ms"}, Bill{Transitions: 4, Invocations: 4, Billed: 7 * time.Millisecond}},
		"waiting for people":        {[]string{"Approve", "+2ms?", "Lock", "+1ms"}, Bill{Transitions: 2, Invocations: 2, Billed: 3 * time.Millisecond}},
		"a wait that does not loop": {[]string{"Unlock", "+1ms", "Wait", "Retire", "+1ms"}, Bill{Transitions: 3, Invocations: 2, Billed: 2 * time.Millisecond}},
		"a loop that waits": {
			[]string{"Lock", "+1ms", "Check", "Wait", "Lock", "+1ms", "Check", "Wait", "Lock", "+1ms", "Check", "Plan", "+1ms"},
			Bill{Transitions: 9, Waiting: 6, Invocations: 4, Billed: 4 * time.Millisecond},
		},
		"a retry in a loop that waits": {
			[]string{"Lock", "+1ms!", "+1ms", "Check", "Wait", "Lock", "+1ms", "Check"},
			Bill{Transitions: 6, Waiting: 4, Invocations: 3, Billed: 3 * time.Millisecond},
		},
		"people who are reminded": {
			[]string{"Ask", "+1ms", "Approve", "+1ms-", "Ask", "+1ms", "Approve", "+1ms?", "Lock"},
			Bill{Transitions: 5, Waiting: 2, Invocations: 4, Billed: 4 * time.Millisecond},
		},
		"a loop that does not wait": {[]string{"Shift", "Observe", "Shift", "Observe"}, Bill{Transitions: 4}},
		"a loop that waits in one that does not": {
			[]string{"Shift", "Observe", "Wait", "Observe", "Shift", "Observe", "Wait", "Observe"}, Bill{Transitions: 8, Waiting: 4},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Of(history(t, test.words...)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// TestDollars computes by hand what 1,000 transitions and a million invocations of a second cost.
func TestDollars(t *testing.T) {
	b := Bill{Transitions: 400, Invocations: 400_000, Billed: 400_000 * time.Second}
	b = b.Add(Bill{Transitions: 600, Invocations: 600_000, Billed: 600_000 * time.Second})
	stepFunctions, lambda := b.Dollars(ListPrices(), 512)
	if want := 0.025; math.Abs(stepFunctions-want) > 1e-9 {
		t.Errorf("got $%v for transitions, want $%v", stepFunctions, want)
	}
	if want := 500_000*0.0000133334 + 0.2; math.Abs(lambda-want) > 1e-9 {
		t.Errorf("got $%v for functions, want $%v", lambda, want)
	}
}
