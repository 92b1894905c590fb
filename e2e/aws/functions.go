package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/e2e/runtimeapi"
	"github.com/pilotage/pilotage/local/functionurl"
)

// configuration is what the emulation knows of a deployed function.
func (w *world) configuration(ctx context.Context, name string) (runtimeapi.Function, error) {
	body, err := w.emulator().call(ctx, http.MethodGet, "/2015-03-31/functions/"+name+"/configuration", "lambda", nil, nil)
	if err != nil {
		return runtimeapi.Function{}, fmt.Errorf("%w: %w", lab.ErrNoFunction, err)
	}
	var c struct {
		Handler     string
		Timeout     int
		Environment struct{ Variables map[string]string }
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return runtimeapi.Function{}, fmt.Errorf("read the configuration of %s: %w", name, err)
	}
	return runtimeapi.Function{Handler: c.Handler, Timeout: time.Duration(c.Timeout) * time.Second, Variables: c.Environment.Variables}, nil
}

// invoke is the emulation's lab.Function.
func (w *world) invoke(ctx context.Context, name string, payload json.RawMessage) (json.RawMessage, error) {
	if w.answer != nil {
		if result, is := w.answer(payload); is {
			return result, nil
		}
	}
	w.stages.note(payload)
	result, err := w.host.Invoke(ctx, name, timed(payload))
	w.calls.add(name)
	var failed *runtimeapi.Error
	if errors.As(err, &failed) {
		return nil, &lab.Error{Type: failed.Type, Message: failed.Message}
	}
	return result, err
}

// timed is an event with its time as EventBridge writes it: the emulation's is a number of seconds.
func timed(payload json.RawMessage) json.RawMessage {
	var event map[string]json.RawMessage
	if json.Unmarshal(payload, &event) != nil || event["detail-type"] == nil {
		return payload
	}
	var seconds float64
	if json.Unmarshal(event["time"], &seconds) != nil {
		return payload
	}
	event["time"], _ = json.Marshal(time.Unix(int64(seconds), 0).UTC()) // a time can be encoded
	changed, err := json.Marshal(event)
	if err != nil {
		return payload
	}
	return changed
}

// stages are those that each execution has entered: what is shown of progress.
type stages struct {
	mu   sync.Mutex
	seen map[string][]string
}

// note takes the name of a stage out of the document that its function gets.
func (s *stages) note(payload json.RawMessage) {
	var doc struct{ ID, Stage string }
	if json.Unmarshal(payload, &doc) != nil || doc.Stage == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string][]string{}
	}
	if all := s.seen[doc.ID]; len(all) == 0 || all[len(all)-1] != doc.Stage {
		s.seen[doc.ID] = append(all, doc.Stage)
	}
}

// from are an execution's stages from the n-th on.
func (s *stages) from(id string, n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[id][min(n, len(s.seen[id])):]
}

// calls counts the invocations that have ended, by function.
type calls struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *calls) add(function string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[function]++
}

func (c *calls) of(function string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[function]
}

// serveFunction serves a function's URL over HTTPS, as Lambda does. Asked again for the same
// function it returns the same address.
func (w *world) serveFunction(ctx context.Context, function string) (string, error) {
	if url := w.urls[function]; url != "" {
		return url, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for %s: %w", function, err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: &functionurl.Handler{
		Invoke: func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
			return w.invoke(ctx, function, event)
		},
		Now: time.Now, NewID: rand.Text,
	}}
	go func() { _ = server.Serve(tls.NewListener(listener, w.identity.config)) }() // ends with Close
	w.onClose(server.Close)
	w.urls[function] = "https://" + listener.Addr().String()
	return w.urls[function], nil
}
