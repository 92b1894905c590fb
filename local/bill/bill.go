// Package bill says what an execution costs, from its history: the state transitions that Step
// Functions charges, and the time that Lambda does.
package bill

import (
	"time"

	"github.com/pilotage/pilotage/local/asl"
)

// Bill is what is charged of executions.
type Bill struct {
	// Transitions is every state entered and every retry. "Step Functions counts a state
	// transition each time a step of your workflow is executed", and "each retry will be charged
	// as an additional state transition" (https://aws.amazon.com/step-functions/pricing/).
	Transitions int
	// Waiting is how many of these were in loops that wait for something.
	Waiting int
	// Invocations are those of functions.
	Invocations int
	// Billed is their time, each one's rounded up to the millisecond.
	Billed time.Duration
}

// Of is the bill of one execution that has ended, without those that it started.
func Of(history []asl.HistoryEvent) Bill {
	var b Bill
	visits := visits(history)
	for _, v := range visits {
		b.Transitions += v.transitions
	}
	b.Waiting = waiting(visits)
	var began time.Time // of the invocation that runs
	for _, event := range history {
		switch {
		case event.TaskStarted != nil && event.TaskStarted.ResourceType == "lambda":
			began = event.Timestamp
			b.Invocations++
		case !began.IsZero() && answered(event):
			b.Billed += roundUp(event.Timestamp.Sub(began))
			began = time.Time{}
		}
	}
	return b
}

// answered reports whether an event is the end of an invocation: a task that waits for its token is
// submitted then, and ends later.
func answered(event asl.HistoryEvent) bool {
	return event.TaskSubmitted != nil || event.TaskSucceeded != nil || event.TaskFailed != nil || event.TaskTimedOut != nil
}

// roundUp is a duration as Lambda bills it: in milliseconds, at least one.
func roundUp(d time.Duration) time.Duration {
	return max((d + time.Millisecond - 1).Truncate(time.Millisecond), time.Millisecond)
}

// visit is one stay in a state.
type visit struct {
	state string
	// wait says that it was there to wait: a Wait state, or one that people did not answer.
	wait        bool
	transitions int
}

func visits(history []asl.HistoryEvent) []visit {
	var found []visit
	attempts := 0
	for _, event := range history {
		switch {
		case event.StateEntered != nil:
			found = append(found, visit{event.StateEntered.Name, event.Type == "WaitStateEntered", 1})
			attempts = 0
		case event.TaskScheduled != nil:
			if attempts++; attempts > 1 {
				found[len(found)-1].transitions++
			}
		case event.TaskTimedOut != nil && event.TaskTimedOut.Resource == "invoke.waitForTaskToken":
			found[len(found)-1].wait = true
		}
	}
	return found
}

// waiting counts the transitions of loops that wait: from a state to one that waits and back to
// it, any number of times. A wait that nothing leads back from is none.
func waiting(visits []visit) int {
	count := 0
	var left []visit
	for _, v := range visits {
		if n := len(left); n > 0 && left[n-1].wait {
			for i := n - 1; i >= 0; i-- {
				if left[i].state != v.state {
					continue
				}
				for _, again := range left[i:] {
					count += again.transitions
				}
				left = left[:i]
				break
			}
		}
		left = append(left, v)
	}
	return count
}

// Add is both bills together.
func (b Bill) Add(other Bill) Bill {
	return Bill{b.Transitions + other.Transitions, b.Waiting + other.Waiting, b.Invocations + other.Invocations, b.Billed + other.Billed}
}

// GBSeconds is Lambda's measure of the time, for functions of so many MB.
func (b Bill) GBSeconds(memoryMB int) float64 {
	return b.Billed.Seconds() * float64(memoryMB) / 1024
}

// Prices are in dollars.
type Prices struct {
	// Transition is the price of one, GBSecond of a gigabyte for a second, Request of an invocation.
	Transition, GBSecond, Request float64
}

// ListPrices are those of us-east-1 in November 2026, for Standard workflows and functions on
// arm64, without free tier and discounts.
//
// Sources: https://aws.amazon.com/step-functions/pricing/ ($0.025 for 1,000 transitions),
// https://aws.amazon.com/lambda/pricing/ (arm64, first tier: $0.0000133334 for a GB-second; $0.20 for
// a million requests).
func ListPrices() Prices {
	return Prices{Transition: 0.025 / 1000, GBSecond: 0.0000133334, Request: 0.20 / 1e6}
}

// Dollars is what Step Functions and what Lambda charges, for functions of so many MB.
func (b Bill) Dollars(p Prices, memoryMB int) (stepFunctions, lambda float64) {
	return float64(b.Transitions) * p.Transition, b.GBSeconds(memoryMB)*p.GBSecond + float64(b.Invocations)*p.Request
}
