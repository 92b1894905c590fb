package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// guard is what stands before every stage that runs under the lock: the lease must be ours and
// is renewed, nobody has asked to halt, and the deadline is not over.
type guard struct {
	ledger *ledger.Ledger
	clock  clock.Clock
}

func (g guard) check(ctx context.Context, doc deploy.Document) error {
	lock, err := g.ledger.Renew(ctx, doc.Request.Scope, doc.Lease())
	if err != nil {
		return err
	}
	if settled(doc) {
		return nil
	}
	if lock.Halt.By != "" && doc.Request.Kind == deploy.KindDeploy {
		return fault.New(fault.Halted, "%s asked to halt before %s: %s", lock.Halt.By, doc.Stage, lock.Halt.Reason)
	}
	if now := g.clock.Now(); now.After(doc.Results.Lock.Deadline) {
		return fault.New(fault.DeadlineExceeded, "the deadline was %s, and stage %s had not begun", doc.Results.Lock.Deadline.Format("15:04:05"), doc.Stage)
	}
	return nil
}

// settled says that the release is live and verified: what follows only tidies up, and is
// neither halted nor late.
func settled(doc deploy.Document) bool { return doc.Results.Promote.Slot != "" }

// stage adapts a stage's Handle to a Handler.
func stage[R any](handle func(context.Context, deploy.Document) (R, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		doc, err := decode(payload)
		if err != nil {
			return nil, err
		}
		result, err := handle(ctx, doc)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

// guarded adapts the Handle of a stage that runs under the lock.
func guarded[R any](g guard, handle func(context.Context, deploy.Document) (R, error)) Handler {
	return stage(func(ctx context.Context, doc deploy.Document) (R, error) {
		if err := g.check(ctx, doc); err != nil {
			var none R
			return none, err
		}
		return handle(ctx, doc)
	})
}

// plain adapts a Handle that reads the payload itself.
func plain[R any](handle func(context.Context, json.RawMessage) (R, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		result, err := handle(ctx, payload)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

// typed adapts the Handle of an entry point, whose event is not a document.
func typed[E, R any](handle func(context.Context, E) (R, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var event E
		if err := json.Unmarshal(payload, &event); err != nil {
			return nil, fault.New(fault.Invalid, "read the event: %w", err)
		}
		result, err := handle(ctx, event)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

// kept writes what an entry point answered into its log: those who hand events over do not read it,
// and it has the reason why an event led to nothing.
func kept(log *slog.Logger, next Handler) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		result, err := next(ctx, payload)
		if err == nil {
			log.InfoContext(ctx, "answered", "answer", result)
		}
		return result, err
	}
}

// decode reads a document tolerantly: fields of a newer version are ignored, because an
// approval can outlive a redeployment. A request that Validate refused as malformed must not
// keep the refusal from being recorded, so a request that cannot be read is left empty.
func decode(payload json.RawMessage) (deploy.Document, error) {
	var doc deploy.Document
	err := json.Unmarshal(payload, &doc)
	if err == nil {
		return doc, nil
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(payload, &parts) != nil {
		return deploy.Document{}, fault.New(fault.Internal, "read the document: %w", err)
	}
	delete(parts, "request")
	rest, encodeErr := json.Marshal(parts)
	if encodeErr != nil {
		return deploy.Document{}, fmt.Errorf("read the document: %w", errors.Join(err, encodeErr))
	}
	doc = deploy.Document{}
	if err := json.Unmarshal(rest, &doc); err != nil {
		return deploy.Document{}, fault.New(fault.Internal, "read the document: %w", err)
	}
	return doc, nil
}
