package sim

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/github"
)

// GitHubToken is the token of worlds that have one.
const GitHubToken = "github-token"

type token string

// Token implements github.Tokens.
func (t token) Token(context.Context) (string, error) { return string(t), nil }

func (w *World) github() github.Access {
	if w.options.GitHub == nil {
		return github.Access{Tokens: github.NoToken{}}
	}
	return github.Access{Tokens: token(GitHubToken), URL: github.DefaultURL, HTTP: w.options.GitHub}
}

// report is the rule on status changes that invokes Report: twice at the same time, as an event bus
// may, and after an error twice more, as Lambda does.
func (w *World) report(change asl.StatusChange) {
	event, err := json.Marshal(map[string]any{"detail": change})
	if err != nil {
		return
	}
	for range 2 {
		w.work.Go(func() {
			var err error
			for _, before := range []time.Duration{noticeAfter, time.Minute, 2 * time.Minute} {
				if w.World.Clock.Wait(context.Background(), before) != nil {
					return
				}
				if _, err = w.invoke(context.Background(), "Report", event); err == nil {
					return
				}
			}
			w.violate("report of %s, %s: %v", change.Name, change.Status, err)
		})
	}
}
