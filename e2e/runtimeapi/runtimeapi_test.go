package runtimeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain runs the tests, or, started by one of them, a function's process.
func TestMain(m *testing.M) {
	if api := os.Getenv("AWS_LAMBDA_RUNTIME_API"); api != "" {
		serve("http://" + api + "/2018-06-01/runtime/")
		return
	}
	os.Exit(m.Run())
}

// serve is a custom runtime: it asks for invocations and does what their payloads say.
func serve(api string) {
	fmt.Println("started", os.Getenv("_HANDLER"))
	for n := 1; ; n++ {
		response, err := http.Get(api + "invocation/next")
		if err != nil {
			os.Exit(1) // the Runtime API is gone
		}
		var asked struct{ Do, As string }
		err = json.NewDecoder(response.Body).Decode(&asked)
		response.Body.Close()
		if err != nil {
			panic(err)
		}
		id := response.Header.Get("Lambda-Runtime-Aws-Request-Id")
		switch asked.Do {
		case "exit":
			os.Exit(3)
		case "hang":
			select {}
		case "fail":
			answer(api, id, "error", `{"errorType":"Pilotage.Invalid","errorMessage":"a bad request"}`)
		case "stray":
			answer(api, "another", "response", `"stray"`)
			answer(api, id, "response", `"mine"`)
		case "wait":
			waitFor(asked.As)
			fallthrough
		default:
			answer(api, id, "response", fmt.Sprintf(`{"pid":%d,"n":%d,"handler":%q,"own":%q,"all":%q,"deadline":%s}`,
				os.Getpid(), n, os.Getenv("_HANDLER"), os.Getenv("OWN"), os.Getenv("ALL"), response.Header.Get("Lambda-Runtime-Deadline-Ms")))
		}
	}
}

// waitFor returns once a file is there.
func waitFor(path string) {
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
}

func answer(api, id, kind, body string) {
	response, err := http.Post(api+"invocation/"+id+"/"+kind, "application/json", strings.NewReader(body))
	if err != nil {
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	fmt.Println(kind, id, response.StatusCode)
}

// answered is what the process says of itself.
type answered struct {
	PID, N            int
	Handler, Own, All string
	Deadline          int64
}

// printed is written by processes and read by a test.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func host(t *testing.T, timeout time.Duration) (*Host, *printed) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := &printed{}
	h := &Host{
		Program: self, Environ: []string{"ALL=all", "OWN=overridden", "GORACE=atexit_sleep_ms=0"}, Log: log,
		Configuration: func(_ context.Context, name string) (Function, error) {
			if name == "Nobody" {
				return Function{}, errors.New("there is none")
			}
			return Function{Handler: "H" + name, Timeout: timeout, Variables: map[string]string{"OWN": "own", "_HANDLER": "of the function's choice"}}, nil
		},
	}
	t.Cleanup(h.Close)
	return h, log
}

func invoke(t *testing.T, h *Host, name, payload string) answered {
	t.Helper()
	body, err := h.Invoke(t.Context(), name, json.RawMessage(payload))
	if err != nil {
		t.Fatal(err)
	}
	var got answered
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return got
}

func TestAProcessServesOneInvocationAfterTheOther(t *testing.T) {
	h, log := host(t, time.Minute)
	before := time.Now()
	first, second := invoke(t, h, "A", `{}`), invoke(t, h, "A", `{}`)
	if first.PID != second.PID || first.N != 1 || second.N != 2 {
		t.Errorf("got %+v and %+v, want one process that served both", first, second)
	}
	if first.Handler != "HA" || first.Own != "own" || first.All != "all" {
		t.Errorf("got %+v, want what Lambda, the function and the host say", first)
	}
	if deadline := time.UnixMilli(first.Deadline); deadline.Before(before.Add(59*time.Second)) || deadline.After(time.Now().Add(time.Minute)) {
		t.Errorf("got deadline %s, want one in a minute", deadline)
	}
	// It gets each of them once, however soon it asks for the next.
	for n := 3; n <= 200; n++ {
		if got := invoke(t, h, "A", `{}`); got.N != n {
			t.Fatalf("invocation %d is the process's %d.", n, got.N)
		}
	}
	if other := invoke(t, h, "B", `{}`); other.PID == first.PID || other.Handler != "HB" {
		t.Errorf("got %+v, want a process of its own for another function", other)
	}
	h.Close() // what the processes wrote has come by then
	if text := log.String(); !strings.Contains(text, "started HA") || !strings.Contains(text, "started HB") {
		t.Errorf("the log has %q", text)
	}
}

func TestInvocationsAtOnceGetAProcessEach(t *testing.T) {
	h, _ := host(t, time.Minute)
	file := t.TempDir() + "/go"
	payload := fmt.Sprintf(`{"do":"wait","as":%q}`, file)
	var all sync.WaitGroup
	pids := make(chan int, 3)
	for range 3 {
		all.Go(func() {
			body, err := h.Invoke(t.Context(), "A", json.RawMessage(payload))
			var got answered
			if err == nil {
				err = json.Unmarshal(body, &got)
			}
			if err != nil {
				t.Error(err)
			}
			pids <- got.PID
		})
	}
	// Each of them waits in a process of its own; none of these can be used.
	if got := invoke(t, h, "A", `{}`); got.N != 1 {
		t.Errorf("got %+v, want a new process", got)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	close(pids)
	seen := map[int]bool{}
	for pid := range pids {
		seen[pid] = true
	}
	if len(seen) != 3 {
		t.Errorf("got processes %v, want three", seen)
	}
}

func TestInvocationsFail(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		want    Error
		// again says that the same process serves the next invocation.
		again bool
	}{
		"as the function says":  {`{"do":"fail"}`, Error{"Pilotage.Invalid", "a bad request"}, true},
		"when the process ends": {`{"do":"exit"}`, Error{ExitError, "RequestId: A-2 Error: Runtime exited"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := host(t, time.Minute)
			before := invoke(t, h, "A", `{}`)
			_, err := h.Invoke(t.Context(), "A", json.RawMessage(test.payload))
			var got *Error
			if !errors.As(err, &got) || *got != test.want {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if after := invoke(t, h, "A", `{}`); (after.PID == before.PID) != test.again {
				t.Errorf("got process %d after %d, want the same: %t", after.PID, before.PID, test.again)
			}
		})
	}
}

func TestAProcessThatTakesTooLongIsEnded(t *testing.T) {
	h, _ := host(t, 300*time.Millisecond)
	_, err := h.Invoke(t.Context(), "A", json.RawMessage(`{"do":"hang"}`))
	var got *Error
	if want := (Error{TimedOut, "RequestId: A-1 Error: Task timed out after 300ms"}); !errors.As(err, &got) || *got != want {
		t.Errorf("got %v, want %v", err, want)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.idle["A"]) > 0 || len(h.all) > 0 {
		t.Errorf("the process is kept: %d idle of %d", len(h.idle["A"]), len(h.all))
	}
}

func TestAProcessThatEndedBetweenInvocationsIsNotUsed(t *testing.T) {
	h, _ := host(t, time.Minute)
	before := invoke(t, h, "A", `{}`)
	h.mu.Lock()
	idle := h.idle["A"][0]
	h.mu.Unlock()
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-idle.done
	if after := invoke(t, h, "A", `{}`); after.PID == before.PID {
		t.Error("the process that was killed answered")
	}
}

func TestAnAnswerToAnotherInvocationIsRefused(t *testing.T) {
	h, log := host(t, time.Minute)
	body, err := h.Invoke(t.Context(), "A", json.RawMessage(`{"do":"stray"}`))
	if err != nil || string(body) != `"mine"` {
		t.Errorf("got %s and error %v, want the answer of the invocation", body, err)
	}
	h.Close() // what the process wrote has come by then
	if !strings.Contains(log.String(), "response another 403") {
		t.Errorf("the log has %q, want the stray answer refused", log)
	}
}

func TestNoProcessIsLeft(t *testing.T) {
	h, _ := host(t, time.Minute)
	if _, err := h.Invoke(t.Context(), "Nobody", json.RawMessage(`{}`)); err == nil || !strings.Contains(err.Error(), "Nobody") {
		t.Errorf("got %v, want an error that names the function", err)
	}
	pid := invoke(t, h, "A", `{}`).PID
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := h.Invoke(ctx, "A", json.RawMessage(`{"do":"hang"}`))
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
	idle := invoke(t, h, "A", `{}`).PID
	h.Close()
	h.Close()
	for _, one := range []int{pid, idle} {
		if process, err := os.FindProcess(one); err == nil && process.Signal(syscall.Signal(0)) == nil {
			t.Errorf("process %d is left", one)
		}
	}
	if _, err := h.Invoke(t.Context(), "A", json.RawMessage(`{}`)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}
