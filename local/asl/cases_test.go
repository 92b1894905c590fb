package asl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/codebuild"
)

// scenario is one row of the case table in testdata/cases.
type scenario struct {
	Name string
	// Definition, or as a shorthand only its States, of which A is the first.
	Definition json.RawMessage
	States     json.RawMessage
	// Machines are further machines, by name, each given by its states.
	Machines map[string]json.RawMessage
	Input    json.RawMessage
	// Lambda scripts the answers of each function, in order.
	Lambda map[string][]answer
	// Builds scripts the builds, in order.
	Builds []build
	// Stop ends the execution after that many seconds.
	Stop *struct {
		After        float64
		Error, Cause string
	}
	// Random is what the engine's Rand gives.
	Random float64

	// Refused is what Parse says, one line for each refusal. Nothing runs.
	Refused []string

	Status  asl.Status // default SUCCEEDED
	Output  json.RawMessage
	Error   string
	Cause   string   // a part of it
	Path    []string // names of the states entered
	Events  []string // types of all events
	Seconds *float64 // how long the execution took
	Calls   []string // functions invoked, in order, each with its payload when that is written
	Built   []string // what was ordered of each build, and how it ended
}

// build is how one build goes.
type build struct {
	After  float64
	Status string
	// Deaf builds neither say that they began nor stop when they are told to.
	Deaf bool
	// Error is the error, with Message, of a build that does not begin; Crash one without a name.
	Error, Message, Crash string
}

// answer is what a function does once.
type answer struct {
	After         float64
	Return        json.RawMessage
	Error         string
	Message       string
	Crash         string // an error without a type
	Then          []signal
	ReturnPayload string // "echo" returns the payload
	Big           int    // returns a string of that many bytes
}

// signal is sent to the token in the payload, that many seconds after the function was invoked.
type signal struct {
	After     float64
	Success   json.RawMessage
	Failure   string
	Heartbeat string
	Refused   string // the error it must meet
}

func TestCases(t *testing.T) {
	for _, s := range load(t) {
		t.Run(s.Name, func(t *testing.T) { s.test(t) })
	}
}

func TestTheTableIsLarge(t *testing.T) {
	if got := len(load(t)); got < 60 {
		t.Errorf("got %d cases, want 60 at least", got)
	}
}

func load(t testing.TB) []scenario {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var some []scenario
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&some); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range some {
			some[i].Name = strings.TrimSuffix(filepath.Base(file), ".json") + "/" + some[i].Name
		}
		all = append(all, some...)
	}
	return all
}

func (s scenario) definition() []byte {
	if s.Definition != nil {
		return s.Definition
	}
	return wrap(s.States)
}

func wrap(states []byte) []byte {
	return slices.Concat([]byte(`{"QueryLanguage":"JSONata","StartAt":"A","States":`), states, []byte("}"))
}

func (s scenario) test(t *testing.T) {
	machine, err := asl.Parse(s.definition())
	if s.Refused != nil {
		s.testRefusal(t, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { s.run(t, machine) })
}

func (s scenario) testRefusal(t *testing.T, err error) {
	if err == nil {
		t.Fatal("the definition was taken")
	}
	got := strings.Split(strings.TrimPrefix(err.Error(), "parse state machine: "), "\n")
	if !slices.Equal(got, s.Refused) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(s.Refused, "\n"))
	}
}

func (s scenario) run(t *testing.T, machine *asl.Machine) {
	lab := &lab{t: t, script: s.Lambda, builds: s.Builds}
	lab.engine = &asl.Engine{Invoke: lab.invoke, Build: lab.build, Rand: func() float64 { return s.Random }}
	define(t, lab.engine, "main", machine)
	for name, states := range s.Machines {
		inner, err := asl.Parse(wrap(states))
		if err != nil {
			t.Fatal(err)
		}
		define(t, lab.engine, name, inner)
	}
	arn, err := lab.engine.Start(t.Context(), "main", "run", s.Input)
	if err != nil {
		t.Fatal(err)
	}
	if s.Stop != nil {
		time.Sleep(seconds(s.Stop.After)) // virtual
		if err := lab.engine.Stop(t.Context(), arn, s.Stop.Error, s.Stop.Cause); err != nil {
			t.Error(err)
		}
	}
	got, err := lab.engine.Wait(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	events, err := lab.engine.History(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	s.compare(t, got, events)
	checkHistory(t, events)
	if s.Calls != nil && !slices.Equal(lab.calls, s.Calls) {
		t.Errorf("calls: got %v, want %v", lab.calls, s.Calls)
	}
	time.Sleep(24 * time.Hour) // late signals arrive
	if err := lab.engine.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if s.Built != nil && !slices.Equal(lab.built, s.Built) {
		t.Errorf("builds: got %q, want %q", lab.built, s.Built)
	}
}

func define(t testing.TB, e *asl.Engine, name string, m *asl.Machine) {
	t.Helper()
	if err := e.Define(name, m); err != nil {
		t.Fatal(err)
	}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func (s scenario) compare(t *testing.T, got asl.Execution, events []asl.HistoryEvent) {
	t.Helper()
	want := s.Status
	if want == "" {
		want = asl.StatusSucceeded
	}
	if got.Status != want || got.Error != s.Error || !strings.Contains(got.Cause, s.Cause) {
		t.Errorf("got %s %q %q,\nwant %s %q %q", got.Status, got.Error, got.Cause, want, s.Error, s.Cause)
	}
	if s.Output != nil && compact(t, got.Output) != compact(t, s.Output) {
		t.Errorf("output: got %s, want %s", got.Output, compact(t, s.Output))
	}
	var path, types []string
	for _, event := range events {
		types = append(types, event.Type)
		if event.StateEntered != nil {
			path = append(path, event.StateEntered.Name)
		}
	}
	if s.Path != nil && !slices.Equal(path, s.Path) {
		t.Errorf("path: got %v, want %v", path, s.Path)
	}
	if s.Events != nil && !slices.Equal(types, s.Events) {
		t.Errorf("events: got %v, want %v", types, s.Events)
	}
	if took := got.StopDate.Sub(got.StartDate); s.Seconds != nil && took != seconds(*s.Seconds) {
		t.Errorf("took %v, want %v", took, seconds(*s.Seconds))
	}
}

func compact(t testing.TB, text []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		return string(text)
	}
	return out.String()
}

// checkHistory asserts what holds for every history.
func checkHistory(t *testing.T, events []asl.HistoryEvent) {
	t.Helper()
	for i, event := range events {
		if event.ID != int64(i+1) || event.PreviousEventID >= event.ID {
			t.Errorf("event %d has id %d and follows %d", i+1, event.ID, event.PreviousEventID)
		}
		if i > 0 && event.Timestamp.Before(events[i-1].Timestamp) {
			t.Errorf("event %d is older than the one before it", event.ID)
		}
		ends := strings.HasPrefix(event.Type, "Execution") && event.Type != "ExecutionStarted"
		if ends != (i == len(events)-1) {
			t.Errorf("event %d of %d is %s", i+1, len(events), event.Type)
		}
	}
}

// lab plays the functions of a scenario.
type lab struct {
	t      *testing.T
	engine *asl.Engine

	mu     sync.Mutex
	script map[string][]answer
	calls  []string
	builds []build
	built  []string
}

// build plays the next build of the script. One whose context ends first is stopped.
func (l *lab) build(ctx context.Context, order asl.BuildOrder, started func(codebuild.Build)) (codebuild.Build, error) {
	l.mu.Lock()
	if len(l.builds) == 0 {
		l.mu.Unlock()
		l.t.Error("the script of builds is over")
		return codebuild.Build{}, errors.New("the script is over")
	}
	next := l.builds[0]
	l.builds = l.builds[1:]
	l.mu.Unlock()
	switch {
	case next.Error != "":
		return codebuild.Build{}, &asl.Failure{Name: next.Error, Cause: next.Message}
	case next.Crash != "":
		return codebuild.Build{}, errors.New(next.Crash)
	case next.Deaf:
		time.Sleep(seconds(next.After)) // virtual
		return codebuild.Build{Status: next.Status}, nil
	}
	build := codebuild.Build{ID: order.ProjectName + ":1", SourceVersion: order.SourceVersion, Status: codebuild.InProgress}
	started(build)
	build.Status, build.Complete = next.Status, true
	select {
	case <-time.After(seconds(next.After)): // virtual
	case <-ctx.Done():
		build.Status = codebuild.Stopped
	}
	ordered, err := json.Marshal(order)
	if err != nil {
		l.t.Error(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.built = append(l.built, string(ordered)+" "+build.Status)
	return build, nil
}

func (l *lab) next(function string, payload []byte) (answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	call := function
	if text := compact(l.t, payload); text != "{}" && !strings.Contains(text, "token") {
		call += " " + text
	}
	l.calls = append(l.calls, call)
	if len(l.script[function]) == 0 {
		l.t.Errorf("the script of %q is over", function)
		return answer{}, errors.New("the script is over")
	}
	next := l.script[function][0]
	l.script[function] = l.script[function][1:]
	return next, nil
}

func (l *lab) invoke(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
	a, err := l.next(function, payload)
	if err != nil {
		return nil, err
	}
	var call struct{ Token string }
	_ = json.Unmarshal(payload, &call) // not every payload is an object
	for _, s := range a.Then {
		go l.send(ctx, s, call.Token)
	}
	if a.After > 0 {
		time.Sleep(seconds(a.After)) // virtual
	}
	switch {
	case a.Error != "":
		return nil, asl.LambdaFailure(a.Error, a.Message)
	case a.Crash != "":
		return nil, errors.New(a.Crash)
	case a.ReturnPayload != "":
		return payload, nil
	case a.Big > 0:
		return json.Marshal(strings.Repeat("x", a.Big))
	}
	return a.Return, nil
}

func (l *lab) send(ctx context.Context, s signal, token string) {
	time.Sleep(seconds(s.After)) // virtual
	var err error
	switch {
	case s.Heartbeat != "":
		err = l.engine.SendTaskHeartbeat(ctx, token)
	case s.Failure != "":
		err = l.engine.SendTaskFailure(ctx, token, s.Failure, "because")
	default:
		err = l.engine.SendTaskSuccess(ctx, token, s.Success)
	}
	if got := errorText(err); !strings.HasSuffix(got, s.Refused) || (got == "") != (s.Refused == "") {
		l.t.Errorf("signal after %v s: got %q, want %q", s.After, got, s.Refused)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
