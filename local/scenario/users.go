package scenario

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/load"
	"github.com/pilotage/pilotage/local/report"
)

// warmUp and coolDown are how long users come before anything happens, and after it is over.
const (
	warmUp    = 1500 * time.Millisecond
	coolDown  = time.Second
	showEvery = 200 * time.Millisecond
)

// startUsers lets users come, and returns what makes them leave. Without traffic in the file it
// does nothing.
func (s *run) startUsers(ctx context.Context) (stop func(), err error) {
	traffic := s.file.Traffic
	if traffic.RatePerSecond == 0 {
		return func() {}, nil
	}
	lb := s.world.Balancer.Router(s.world.Scope(traffic.Environment))
	mix := make([]load.Request, 0, len(traffic.Requests))
	for _, one := range traffic.Requests {
		mix = append(mix, load.Request{Method: one.Method, Path: one.Path, Body: []byte(one.Body), Weight: max(1, one.Share)})
	}
	s.users, err = load.New(load.Config{
		URL: lb.URL(), Rate: traffic.RatePerSecond, Requests: mix, Duration: timeout, Timeout: 3 * time.Second, Clock: s.runner.Clock,
	})
	if err != nil {
		return nil, err
	}
	ctx, leave := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { s.note(s.users.Run(ctx)) })
	both.Go(func() { s.show(ctx) })
	if err := s.runner.Clock.Wait(ctx, warmUp); err != nil {
		leave()
		both.Wait()
		return nil, err
	}
	return func() {
		// A cancelled wait only means that the users leave sooner.
		_ = s.runner.Clock.Wait(ctx, coolDown)
		leave()
		both.Wait()
	}, nil
}

// show tells the view what users see.
func (s *run) show(ctx context.Context) {
	for s.runner.Clock.Wait(ctx, showEvery) == nil {
		now := s.users.Snapshot()
		rate := report.Rate{PerSecond: map[string]float64{}, FailedPerSecond: map[string]float64{}, Requests: now.Requests, Failed: now.Failed, Lost: now.Lost}
		for _, release := range now.Last.Releases {
			rate.PerSecond[release.Name] = float64(release.Requests)
			rate.FailedPerSecond[release.Name] = float64(release.Failed + release.Lost)
			rate.ErrorsPerSecond += float64(release.Failed + release.Lost)
		}
		s.view.Traffic(rate)
	}
}

func executionName(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }
