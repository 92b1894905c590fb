package deploy_test

import (
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

func TestPollSeconds(t *testing.T) {
	for name, test := range map[string]struct {
		poll          int
		waited, bound time.Duration
		want          int
	}{
		"as configured at first":    {5, 0, time.Hour, 5},
		"a twentieth later":         {5, 10 * time.Minute, time.Hour, 30},
		"never more than the lease": {5, 20 * time.Hour, 24 * time.Hour, 300},
		"not past the bound":        {10, 57 * time.Second, time.Minute, 3},
		"rounded up":                {1, 30 * time.Second, time.Hour, 2},
		"at least a second":         {0, 0, time.Hour, 1},
		"past the bound":            {5, time.Hour, time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := deploy.PollSeconds(test.poll, test.waited, test.bound); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestLongWaitsTakeFewRounds(t *testing.T) {
	for _, test := range []struct {
		bound time.Duration
		want  int
	}{{time.Minute, 60}, {time.Hour, 150}, {24 * time.Hour, 420}, {7 * 24 * time.Hour, 2200}} {
		rounds := 0
		for waited := time.Duration(0); waited < test.bound; rounds++ {
			waited += time.Duration(deploy.PollSeconds(1, waited, test.bound)) * time.Second
		}
		if rounds > test.want {
			t.Errorf("%s takes %d rounds, want at most %d", test.bound, rounds, test.want)
		}
	}
}
