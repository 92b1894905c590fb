// Package runtimeapi runs Lambda functions as processes of this machine: it is Lambda's side of
// the Runtime API of 2018-06-01 (Lambda Developer Guide, "Using the Lambda runtime API for custom
// runtimes"). A process is told what the function's configuration says and nothing else.
//
// As on AWS, a process gets one invocation at a time; a second one meanwhile starts a second
// process. A process that ends, or that takes longer than its function may, fails its invocation
// and is not used again.
package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// Function is the configuration of one function.
type Function struct {
	// Handler is what the process gets as _HANDLER.
	Handler string
	// Timeout is how long an invocation may take.
	Timeout time.Duration
	// Variables are the function's environment.
	Variables map[string]string
}

// Error is how an invocation failed: by the function's own report, or by Lambda's.
type Error struct{ Type, Message string }

// Error is "type: message".
func (e *Error) Error() string { return e.Type + ": " + e.Message }

// The types of errors that Lambda itself reports.
const (
	// ExitError is of a process that ended.
	ExitError = "Runtime.ExitError"
	// TimedOut is of a process that took longer than its function may.
	TimedOut = "Sandbox.Timedout"
)

// ErrClosed is what Invoke returns after Close.
var ErrClosed = errors.New("the host of functions is closed")

// Host runs functions. Set the fields before the first invocation. Its methods are safe for
// concurrent use.
type Host struct {
	// Program is the path of the binary that serves every function.
	Program string
	// Configuration is a function's, asked for when a process starts.
	Configuration func(ctx context.Context, name string) (Function, error)
	// Environ is what every process gets, as NAME=value; a function's own variables come after it.
	Environ []string
	// Log receives what processes print.
	Log io.Writer
	// Clock dates deadlines; default clock.System.
	Clock clock.Clock

	mu     sync.Mutex
	closed bool
	idle   map[string][]*worker
	all    map[*worker]bool
	count  int
}

// Invoke runs a function once and returns its result, which is JSON. It fails with an *Error when
// the function did, and with ctx's error when that ends first: the process is ended then.
func (h *Host) Invoke(ctx context.Context, name string, payload json.RawMessage) (json.RawMessage, error) {
	w, err := h.take(ctx, name)
	if err != nil {
		return nil, err
	}
	result, err := w.run(ctx, h.nextID(name), payload)
	h.give(w)
	return result, err
}

// take is an idle process of the function, or a new one.
func (h *Host) take(ctx context.Context, name string) (*worker, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, ErrClosed
	}
	for len(h.idle[name]) > 0 {
		last := len(h.idle[name]) - 1
		w := h.idle[name][last]
		h.idle[name] = h.idle[name][:last]
		if !w.ended() {
			h.mu.Unlock()
			return w, nil
		}
		delete(h.all, w)
	}
	h.mu.Unlock()
	function, err := h.Configuration(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("find function %s: %w", name, err)
	}
	w, err := h.start(ctx, name, function)
	if err != nil {
		return nil, fmt.Errorf("start function %s: %w", name, err)
	}
	return w, h.keep(w)
}

func (h *Host) keep(w *worker) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		w.stop()
		return ErrClosed
	}
	if h.all == nil {
		h.all, h.idle = map[*worker]bool{}, map[string][]*worker{}
	}
	h.all[w] = true
	return nil
}

func (h *Host) give(w *worker) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || w.ended() {
		delete(h.all, w)
		return
	}
	h.idle[w.name] = append(h.idle[w.name], w)
}

func (h *Host) nextID(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	return fmt.Sprintf("%s-%d", name, h.count)
}

// Close ends every process, and with it the invocations under way. Repeating it is safe.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	all := h.all
	h.all = nil
	h.mu.Unlock()
	for w := range all {
		w.stop()
	}
}
