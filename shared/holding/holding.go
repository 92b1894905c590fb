// Package holding sets and lifts the holds of scopes in the name of a person: each is archived
// and told to the team, once.
package holding

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
	"github.com/pilotage/pilotage/shared/record"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	Hold(ctx context.Context, scope deploy.Scope) (ledger.Hold, error)
	AddHold(ctx context.Context, scope deploy.Scope, hold ledger.Hold) (ledger.Hold, error)
	LiftHold(ctx context.Context, scope deploy.Scope, hold ledger.Hold) error
}

// Settings finds the configuration of a scope. An unknown one is fault.Invalid.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Archive keeps documents.
type Archive interface {
	Put(ctx context.Context, key string, body []byte) error
}

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Holds sets and lifts holds.
type Holds struct {
	Ledger   Ledger
	Settings Settings
	Archive  Archive
	Notifier Notifier
	Clock    clock.Clock
}

// Act is what a person did to the hold of a scope, as it is archived.
type Act struct {
	// Did is "set" or "lifted".
	Did    string       `json:"did"`
	Scope  deploy.Scope `json:"scope"`
	By     string       `json:"by"`
	Reason string       `json:"reason"`
	At     time.Time    `json:"at"`
	// Hold is the one that was set or lifted.
	Hold ledger.Hold `json:"hold"`
}

// Set puts a scope on hold. A person without an address, a missing reason, an unknown scope and a
// scope that is on hold already, be it dirty or not, are fault.Invalid. It is done before it is told:
// when it fails half way, nothing is deployed by itself, and the same person calling again with the
// same reason finishes it and tells nobody twice.
func (h Holds) Set(ctx context.Context, scope deploy.Scope, by, reason string) (ledger.Hold, error) {
	env, _, err := h.look(ctx, scope, by, reason)
	if err != nil {
		return ledger.Hold{}, err
	}
	held, err := h.Ledger.AddHold(ctx, scope, ledger.Hold{By: by, Reason: reason, At: h.Clock.Now()})
	if err != nil {
		return ledger.Hold{}, err
	}
	if held.Dirty || held.By != by || held.Reason != reason {
		return ledger.Hold{}, fault.New(fault.Invalid, "%s is on hold already, since %s by %s: %s", scope, held.At.UTC().Format(time.RFC3339), held.By, held.Reason)
	}
	return held, h.say(ctx, env, Act{Did: "set", Scope: scope, By: by, Reason: reason, At: held.At, Hold: held})
}

// Lift removes the hold of a scope, a dirty one as well, and returns it. A person without an
// address, a missing reason, an unknown scope and a scope without a hold are fault.Invalid; one that
// got another hold at this moment is fault.Rejected. It is told before it is done: when it fails half
// way, people rather hear of a hold that is still there than never of one that is gone, and calling
// again finishes it and tells nobody twice.
func (h Holds) Lift(ctx context.Context, scope deploy.Scope, by, reason string) (ledger.Hold, error) {
	env, held, err := h.look(ctx, scope, by, reason)
	if err != nil {
		return ledger.Hold{}, err
	}
	if !held.Active() {
		return ledger.Hold{}, fault.New(fault.Invalid, "%s has no hold, so there is none to lift", scope)
	}
	act := Act{Did: "lifted", Scope: scope, By: by, Reason: reason, At: h.Clock.Now(), Hold: held}
	if err := h.say(ctx, env, act); err != nil {
		return ledger.Hold{}, err
	}
	return held, h.Ledger.LiftHold(ctx, scope, held)
}

// look checks who asks and why, and reads what there is.
func (h Holds) look(ctx context.Context, scope deploy.Scope, by, reason string) (deploy.Environment, ledger.Hold, error) {
	if _, err := mail.ParseAddress(by); err != nil {
		return deploy.Environment{}, ledger.Hold{}, fault.New(fault.Invalid, "by is %q; the mail address of the person who answers for it is wanted", by)
	}
	if length := len([]rune(reason)); strings.TrimSpace(reason) == "" || length > 500 {
		return deploy.Environment{}, ledger.Hold{}, fault.New(fault.Invalid, "the reason has %d characters; say why in 1 to 500", length)
	}
	env, err := h.Settings.Environment(ctx, scope)
	if err != nil {
		return deploy.Environment{}, ledger.Hold{}, err
	}
	held, err := h.Ledger.Hold(ctx, scope)
	return env, held, err
}

// say archives an act and tells the team of it.
func (h Holds) say(ctx context.Context, env deploy.Environment, act Act) error {
	text, err := json.MarshalIndent(act, "", "  ")
	if err != nil {
		return fmt.Errorf("encode who did what to the hold of %s: %w", act.Scope, err)
	}
	name := fmt.Sprintf("holds/%s-%s", act.Hold.At.UTC().Format("20060102-150405"), act.Did)
	if err := h.Archive.Put(ctx, record.Key(act.Scope, name)+".json", append(text, '\n')); err != nil {
		return err
	}
	_, err = h.Notifier.Tell(ctx, env.Notify.Team, notify.Message{
		ID: fmt.Sprintf("%s#%s", act.Scope, name), Scope: act.Scope,
		Subject: fmt.Sprintf("[pilotage] %s %s: hold %s", act.Scope.Service, act.Scope.Environment, act.Did), Body: act.text(),
	})
	return err
}

func (a Act) text() string {
	what, kind := "The hold of "+a.Scope.String()+" is lifted. Deployments start again.", "ordinary: pushes were not deployed by themselves"
	if a.Hold.Dirty {
		kind = "dirty: nobody could deploy"
	}
	if a.Did == "set" {
		what, kind = a.Scope.String()+" is on hold. Pushes, pipelines and schedules deploy nothing there until somebody lifts it.", "ordinary: people can still deploy"
	}
	body := notify.Line("What", what) + notify.Line("Who", a.By) + notify.Line("Why", a.Reason) + notify.Line("Hold", kind)
	if a.Did == "lifted" {
		body += notify.Line("Set", fmt.Sprintf("%s by %s: %s", a.Hold.At.UTC().Format(time.RFC3339), a.Hold.By, a.Hold.Reason))
	}
	if a.Hold.Deployment != "" {
		body += notify.Line("Because of", a.Hold.Deployment)
	}
	return body
}
