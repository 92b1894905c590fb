package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/load"
	"github.com/pilotage/pilotage/shared/deploy"
)

// warmUp is how long users come before anything happens. rate is how many requests they make in a
// second.
const (
	warmUp = 2 * time.Second
	rate   = 40
)

// none and some are how many requests of users may fail. A release of whose answers every second is
// an error gets half of the traffic, for half a minute at most.
func none() [2]int { return [2]int{0, 0} }
func some() [2]int { return [2]int{1, rate * 30 / 2} }

// users lets users come to the story's environment until the returned function is called, which
// notes what they saw: no request may be lost, and from mayFail[0] to mayFail[1] have to fail.
func (s *story) users(ctx context.Context) (leave func(mayFail [2]int) error, err error) {
	p := s.plane()
	before := lost(p)
	generator, err := load.New(load.Config{URL: p.router.URL(), Rate: rate, Timeout: 10 * time.Second, Duration: limit, Requests: []load.Request{
		{Path: "/runs?limit=5", Weight: 6},
		{Path: "/stats", Weight: 3},
		{Method: "POST", Path: "/runs", Weight: 1, Body: []byte(`{"runner":"ada","distanceMeters":5000,"durationSeconds":1500}`)},
	}})
	if err != nil {
		return nil, err
	}
	come, stop := context.WithCancel(ctx)
	var run sync.WaitGroup
	var failure error
	run.Go(func() { failure = generator.Run(come) })
	waitABit(ctx, warmUp)
	return func(mayFail [2]int) error {
		stop()
		run.Wait()
		seen := generator.Snapshot()
		s.requests, s.failed = seen.Requests, seen.Failed
		if seen.Requests == 0 {
			s.wrong("no user made a request")
		}
		if nowhere := lost(p) - before; seen.Lost > 0 || seen.Skipped > 0 || nowhere > 0 {
			s.wrong("%d requests of users were lost, %d not sent, %d sent to nobody", seen.Lost, seen.Skipped, nowhere)
		}
		if seen.Failed < mayFail[0] || seen.Failed > mayFail[1] {
			s.wrong("%d requests of users failed, of %d; %d to %d should", seen.Failed, seen.Requests, mayFail[0], mayFail[1])
		}
		return errors.Join(failure, ctx.Err())
	}, nil
}

// lost counts the requests that the router could send to nobody, or only to a target that was not
// healthy.
func lost(p *plane) int {
	count := 0
	for _, slot := range deploy.Slots() {
		total := p.router.Totals(string(slot))
		count += total.Lost + total.ConnectionErrors + total.FailOpen
	}
	return count
}
