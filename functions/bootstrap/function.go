package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/shared/clock"
)

// function serves one handler. Its first invocation reads the settings and opens what the
// handler needs; a failed attempt is made again by the next.
type function struct {
	name     string
	lookuper envconfig.Lookuper
	log      *slog.Logger
	clock    clock.Clock

	mu      sync.Mutex
	handler functions.Handler
}

var _ lambda.Handler = &function{}

// margin is kept of the invocation's time to report an error in: a function that runs into its
// timeout reports nothing.
const margin = time.Second

// Invoke answers one invocation. Errors are those of translate.
func (f *function) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	log, begin := f.line(ctx, payload), f.clock.Now()
	defer func() {
		if reason := recover(); reason != nil {
			log.Error("panicked", "panic", reason, "stack", string(debug.Stack()))
			answer, err = nil, panicked()
		}
	}()
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	answer, err = f.serve(ctx, payload)
	took := f.clock.Now().Sub(begin).Milliseconds()
	if err != nil {
		translated := translate(err)
		log.Error("failed", "class", translated.Type, "error", err.Error(), "milliseconds", took)
		return nil, translated
	}
	log.Info("done", "milliseconds", took)
	return answer, nil
}

func (f *function) serve(ctx context.Context, payload []byte) ([]byte, error) {
	handler, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return handler(ctx, payload)
}

// open makes the handler once.
func (f *function) open(ctx context.Context) (functions.Handler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handler != nil {
		return f.handler, nil
	}
	handler, err := open(ctx, f.name, f.lookuper, f.clock)
	if err != nil {
		return nil, err
	}
	f.handler = handler
	return handler, nil
}

// line is a logger whose every line says which deployment, stage and attempt it is about. An
// event that is no document has none of them.
func (f *function) line(ctx context.Context, payload []byte) *slog.Logger {
	var doc struct {
		ID      string `json:"id"`
		Stage   string `json:"stage"`
		Attempt int    `json:"attempt"`
	}
	// What cannot be read is refused by the handler, with a class.
	_ = json.Unmarshal(payload, &doc)
	log := f.log.With("function", f.name, "deployment", doc.ID, "stage", doc.Stage, "attempt", doc.Attempt)
	if invocation, found := lambdacontext.FromContext(ctx); found {
		log = log.With("request", invocation.AwsRequestID)
	}
	return log
}
