// Package lifthold is the entry point by which a person lifts the hold of a scope.
package lifthold

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
	"github.com/pilotage/pilotage/shared/strict"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	Hold(ctx context.Context, scope deploy.Scope) (ledger.Hold, error)
	LiftHold(ctx context.Context, scope deploy.Scope) error
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

// Function lifts holds.
type Function struct {
	Ledger   Ledger
	Settings Settings
	Archive  Archive
	Notifier Notifier
	Clock    clock.Clock
}

// Request says whose hold is lifted, who does it and why.
type Request struct {
	Scope deploy.Scope `json:"scope"`
	// By is the mail address of the person who answers for it.
	By string `json:"by"`
	// Reason is 1 to 500 characters: what was wrong, and that it is not any more.
	Reason string `json:"reason"`
}

// Lifted is what was done, and what is archived of it.
type Lifted struct {
	Scope  deploy.Scope `json:"scope"`
	By     string       `json:"by"`
	Reason string       `json:"reason"`
	At     time.Time    `json:"at"`
	// Hold is the one that was lifted.
	Hold ledger.Hold `json:"hold"`
}

// Handle lifts the hold of the scope in raw, a Request. A request without a person or a reason,
// for an unknown scope, or for one without a hold is fault.Invalid. It is archived and told
// before it is done: when that fails half way, people rather hear of a hold that is still there
// than never of one that is gone, and calling again finishes it and tells nobody twice.
func (f Function) Handle(ctx context.Context, raw json.RawMessage) (Lifted, error) {
	var request Request
	if err := strict.Decode(raw, &request); err != nil {
		return Lifted{}, err
	}
	if err := wellFormed(request); err != nil {
		return Lifted{}, err
	}
	env, err := f.Settings.Environment(ctx, request.Scope)
	if err != nil {
		return Lifted{}, err
	}
	hold, err := f.Ledger.Hold(ctx, request.Scope)
	if err != nil {
		return Lifted{}, err
	}
	if !hold.Active() {
		return Lifted{}, fault.New(fault.Invalid, "%s has no hold, so there is none to lift", request.Scope)
	}
	lifted := Lifted{Scope: request.Scope, By: request.By, Reason: request.Reason, At: f.Clock.Now(), Hold: hold}
	if err := f.archive(ctx, lifted); err != nil {
		return Lifted{}, err
	}
	if _, err := f.Notifier.Tell(ctx, env.Notify.Team, message(lifted)); err != nil {
		return Lifted{}, err
	}
	return lifted, f.Ledger.LiftHold(ctx, request.Scope)
}

func wellFormed(r Request) error {
	if _, err := mail.ParseAddress(r.By); err != nil {
		return fault.New(fault.Invalid, "by is %q; the mail address of the person who lifts the hold is wanted", r.By)
	}
	if strings.TrimSpace(r.Reason) == "" || len(r.Reason) > 500 {
		return fault.New(fault.Invalid, "reason has %d characters; say in 1 to 500 why the hold is not needed any more", len(r.Reason))
	}
	return nil
}

// name is that of one hold of a scope: the time at which it was set.
func name(hold ledger.Hold) string { return "holds/" + hold.At.UTC().Format("20060102-150405") }

func (f Function) archive(ctx context.Context, lifted Lifted) error {
	text, err := json.MarshalIndent(lifted, "", "  ")
	if err != nil {
		return fmt.Errorf("encode who lifted the hold of %s: %w", lifted.Scope, err)
	}
	return f.Archive.Put(ctx, record.Key(lifted.Scope, name(lifted.Hold))+".json", append(text, '\n'))
}

func message(lifted Lifted) notify.Message {
	hold := lifted.Hold
	kind := "ordinary: pushes were not deployed by themselves"
	if hold.Dirty {
		kind = "dirty: nobody could deploy"
	}
	body := notify.Line("What", "The hold of "+lifted.Scope.String()+" is lifted. Deployments start again.") +
		notify.Line("Who", lifted.By) + notify.Line("Why", lifted.Reason) +
		notify.Line("Hold", kind) + notify.Line("Set", fmt.Sprintf("%s by %s: %s", hold.At.UTC().Format(time.RFC3339), hold.By, hold.Reason))
	if hold.Deployment != "" {
		body += notify.Line("Because of", hold.Deployment)
	}
	return notify.Message{
		ID: fmt.Sprintf("%s#%s#lifted", lifted.Scope, name(hold)), Scope: lifted.Scope,
		Subject: fmt.Sprintf("[pilotage] %s %s: hold lifted", lifted.Scope.Service, lifted.Scope.Environment), Body: body,
	}
}
