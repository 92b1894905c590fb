// Package gate is what keeps deployments out of an environment for a while, freezes and holds, and
// what force goes past.
package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/freeze"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Closed is a gate that is closed now, and that force goes past. Every other refusal is final.
type Closed struct {
	// Past says in words what is gone past: "freeze weekend until Mon 2026-11-30 06:00 CET".
	Past string
	// Err is the refusal of those who do not force it.
	Err error
}

// Error is the refusal's.
func (c *Closed) Error() string { return c.Err.Error() }

// Unwrap is the refusal, with its class.
func (c *Closed) Unwrap() error { return c.Err }

// Pass is what a deployment shows at gates.
type Pass struct {
	// Forced says that it may go past closed ones.
	Forced bool
	// Past are those that it went past, in words.
	Past []string
}

// Through is what a gate said, or nothing where the deployment may go past it, which it then has.
func (p *Pass) Through(said error) error {
	var closed *Closed
	if !p.Forced || !errors.As(said, &closed) {
		return said
	}
	p.Past = append(p.Past, closed.Past)
	return nil
}

// Marks are what the door leaves with deployments.
type Marks interface {
	Mark(ctx context.Context, kind, key string) (ledger.Mark, error)
}

// For is the pass of a deployment. One that asks for force and was not let through by the door is
// fault.Denied: anybody who may start an execution can write "force" into its input.
func For(ctx context.Context, marks Marks, id string, r deploy.Request, env deploy.Environment) (Pass, error) {
	if !r.Force {
		return Pass{}, nil
	}
	mark, err := marks.Mark(ctx, admission.ForceMark, id)
	if err != nil {
		return Pass{}, err
	}
	if !mark.Set() {
		who := "nobody"
		if len(env.Force) > 0 {
			who = strings.Join(env.Force, ", ")
		}
		return Pass{}, fault.New(fault.Denied, "force counts only when it is asked for by command (pilotage deploy --force), by who may: for %s, pilotage.yaml lists %s", r.Scope.Environment, who)
	}
	return Pass{Forced: true}, nil
}

// Freeze is *Closed, of class fault.Denied, while a window of the environment is open. One that cannot
// be read is fault.Invalid.
func Freeze(r deploy.Request, env deploy.Environment, now time.Time) error {
	var past, until []string
	for _, f := range env.Freezes {
		window, err := freeze.Parse(f)
		if err != nil {
			return fault.New(fault.Invalid, "read freeze %q of %s: %w", f.Name, r.Scope.Environment, err)
		}
		state := window.At(now)
		if !state.Inside {
			continue
		}
		end := window.Time(state.Until)
		past = append(past, fmt.Sprintf("freeze %s until %s", f.Name, end))
		until = append(until, end+" ("+f.Name+again(window, state)+")")
	}
	if len(past) == 0 {
		return nil
	}
	return &Closed{
		Past: strings.Join(past, ", "),
		Err:  fault.New(fault.Denied, "%s is frozen until %s; deploy after that", r.Scope.Environment, strings.Join(until, ", and until ")),
	}
}

// again says when a window that is repeated begins next.
func again(window freeze.Window, state freeze.State) string {
	switch {
	case window.Repeats() == "":
		return ""
	case state.Next.IsZero():
		return ", for the last time by " + window.Repeats()
	}
	return ", again from " + window.Time(state.Next) + " by " + window.Repeats()
}

// Hold is *Closed, of class fault.Denied, for a deployment that an ordinary hold stops. What a dirty
// one stops is fault.Denied, and no force helps: the scope is in no known state.
func Hold(r deploy.Request, hold ledger.Hold) error {
	err := hold.Admit(r)
	if err == nil || hold.Dirty {
		return err
	}
	return &Closed{Past: fmt.Sprintf("hold by %s since %s: %s", hold.By, hold.At.UTC().Format(time.RFC3339), hold.Reason), Err: err}
}
