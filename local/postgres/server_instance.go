package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// InstanceState is what DescribeDBInstances would say.
type InstanceState struct {
	ID     string
	Status Status
	// Failure says why the status is Failed.
	Failure string
	// Percent is how much of a restore was copied, 0 to 100; 100 once it is available.
	Percent int
	// Endpoint is set once the instance is available.
	Endpoint Endpoint
}

// CreateInstance makes an empty instance, or starts the one of that name if it does not run, and
// returns once it accepts connections, a second or two later. A port of zero takes a free one,
// which the instance then keeps. Repeating it is safe; an instance that exists keeps its port,
// whatever the new call says.
//
// It fails with a *PortTakenError, and with a *TakenError when an instance of that name is being
// restored, failed or was replaced.
func (s *Server) CreateInstance(ctx context.Context, id string, port int) error {
	if err := checkID("instance", id); err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	s.mu.Lock()
	closed := s.closed
	var status Status
	var existing *Instance
	if there, ok := s.instances[id]; ok {
		status, existing = there.record.Status, there.instance
	}
	s.mu.Unlock()
	switch {
	case closed:
		return errors.New("the database server is closed")
	case status == Available:
		return existing.Start(ctx)
	case status != "":
		return &TakenError{Kind: "instance", ID: id, Reason: "it is " + string(status)}
	}
	h := &held{record: record{Dir: newDirectory(), Port: port, Status: Available}}
	instance, err := Create(ctx, s.config(h.record))
	if err == nil {
		err = instance.Start(ctx)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("create instance %q: %w", id, err), os.RemoveAll(s.config(h.record).Dir))
	}
	return s.keep(id, h, instance)
}

// keep remembers an instance that runs, with the port it has found.
func (s *Server) keep(id string, h *held, instance *Instance) error {
	port := instance.Endpoint().Port
	instance.bind(port)
	s.mu.Lock()
	defer s.mu.Unlock()
	h.record.Port, h.record.Status, h.record.Failure = port, Available, ""
	h.instance, h.percent = instance, 100
	s.instances[id] = h
	return s.save()
}

// newDirectory is a name that no instance had before.
func newDirectory() string { return strings.ToLower(rand.Text()) }

// bind fixes the port of the next start.
func (i *Instance) bind(port int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.cfg.Port = port
}

// Instance returns the state of an instance, or an *UnknownError.
func (s *Server) Instance(id string) (InstanceState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.instances[id]
	if !ok {
		return InstanceState{}, &UnknownError{Kind: "instance", ID: id}
	}
	return h.state(id), nil
}

// Instances returns the state of every instance, by name.
func (s *Server) Instances() []InstanceState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var states []InstanceState
	for id, h := range s.instances {
		states = append(states, h.state(id))
	}
	slices.SortFunc(states, func(a, b InstanceState) int { return strings.Compare(a.ID, b.ID) })
	return states
}

func (h *held) state(id string) InstanceState {
	state := InstanceState{ID: id, Status: h.record.Status, Failure: h.record.Failure, Percent: h.percent}
	if h.record.Status == Available {
		state.Endpoint = Endpoint{
			Host: host, Port: h.record.Port, User: Superuser, Password: h.instance.cfg.Password,
		}
	}
	return state
}

// Endpoint returns where an available instance listens. It stays the same over Promote.
func (s *Server) Endpoint(id string) (Endpoint, error) {
	state, err := s.Instance(id)
	if err == nil && state.Status != Available {
		err = fmt.Errorf("instance %q has no endpoint: it is %s", id, state.Status)
	}
	return state.Endpoint, err
}

// DeleteInstance stops an instance and removes its data. Snapshots of it stay. Repeating it is
// safe: an instance that is not there is no error. One that is being restored is refused.
func (s *Server) DeleteInstance(id string) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	s.mu.Lock()
	h, ok := s.instances[id]
	if !ok {
		s.mu.Unlock()
		return nil
	}
	if h.record.Status == Creating {
		s.mu.Unlock()
		return &TakenError{Kind: "instance", ID: id, Reason: "it is being created"}
	}
	delete(s.instances, id)
	err := s.save()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if h.instance != nil {
		h.instance.Stop()
	}
	if err := os.RemoveAll(filepath.Join(s.cfg.Dir, instancesDir, h.record.Dir)); err != nil {
		return fmt.Errorf("delete instance %q: %w", id, err)
	}
	return nil
}
