package asl

import (
	"context"
	"encoding/json"
	"fmt"
)

// pending is a task that waits for its token to come back.
type pending struct {
	token  string
	answer chan reply    // holds one
	beat   chan struct{} // holds one: several heartbeats at a time are as good as one
	over   bool          // answered, timed out or ended; guarded by Engine.mu
}

// expect hands out a token.
func (e *Engine) expect() *pending {
	p := &pending{token: e.NewID(), answer: make(chan reply, 1), beat: make(chan struct{}, 1)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tokens[p.token] = p
	return p
}

// expire makes a token worthless; who sends it later learns that its time is over.
func (e *Engine) expire(p *pending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.over = true
}

// SendTaskSuccess completes the task of that token with output, which must be JSON of at most
// 256 KiB (ErrInvalidOutput). A token is good for one answer: ErrTaskTimedOut once its task is
// over, a repeated call included; ErrTaskDoesNotExist when no task ever had it.
func (e *Engine) SendTaskSuccess(_ context.Context, token string, output json.RawMessage) error {
	doc, err := read(output)
	if err != nil || len(doc.text) > maxPayload {
		return fmt.Errorf("send task success: %w", ErrInvalidOutput)
	}
	if err := e.answer(token, reply{result: doc}); err != nil {
		return fmt.Errorf("send task success: %w", err)
	}
	return nil
}

// SendTaskFailure fails the task of that token with an error that Retry and Catch match. Its
// errors are those of SendTaskSuccess, ErrInvalidOutput aside.
func (e *Engine) SendTaskFailure(_ context.Context, token, errName, cause string) error {
	if err := e.answer(token, reply{err: &Failure{Name: errName, Cause: cause}}); err != nil {
		return fmt.Errorf("send task failure: %w", err)
	}
	return nil
}

// SendTaskHeartbeat says that the task of that token is alive: HeartbeatSeconds count anew. It may
// be repeated. Its errors are those of SendTaskFailure.
func (e *Engine) SendTaskHeartbeat(_ context.Context, token string) error {
	e.prepare()
	e.mu.Lock()
	defer e.mu.Unlock()
	p, err := e.waiting(token)
	if err != nil {
		return fmt.Errorf("send task heartbeat: %w", err)
	}
	select {
	case p.beat <- struct{}{}:
	default:
	}
	return nil
}

func (e *Engine) answer(token string, r reply) error {
	e.prepare()
	e.mu.Lock()
	defer e.mu.Unlock()
	p, err := e.waiting(token)
	if err != nil {
		return err
	}
	p.over = true
	p.answer <- r
	return nil
}

// waiting is the task that still waits for that token. The caller holds mu.
func (e *Engine) waiting(token string) (*pending, error) {
	p := e.tokens[token]
	switch {
	case p == nil:
		return nil, ErrTaskDoesNotExist
	case p.over:
		return nil, ErrTaskTimedOut
	}
	return p, nil
}
