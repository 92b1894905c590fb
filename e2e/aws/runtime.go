package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/pilotage/pilotage/e2e/lab"
)

// host runs functions: one process of the bootstrap binary each, over a Lambda Runtime API (AWS
// Lambda Developer Guide, "Using the Lambda runtime API"). What a process is told is what the
// deployed function's configuration says.
type host struct {
	program string
	// wire is the emulation, endpoint what functions are told of it.
	wire     func() wire
	endpoint func() string
	log      io.Writer

	mu      sync.Mutex
	workers map[string]*worker
}

// worker is one function's process.
type worker struct {
	name    string
	timeout time.Duration
	cmd     *exec.Cmd
	server  *http.Server
	done    chan struct{}
	jobs    chan *job

	one     sync.Mutex // Lambda sends one invocation at a time to a process
	mu      sync.Mutex
	current *job
	count   int
}

type job struct {
	id       string
	payload  json.RawMessage
	deadline time.Time
	result   chan outcome
}

type outcome struct {
	body json.RawMessage
	err  error
}

// invoke is a lab.Function.
func (h *host) invoke(ctx context.Context, name string, payload json.RawMessage) (json.RawMessage, error) {
	w, err := h.worker(ctx, name)
	if err != nil {
		return nil, err
	}
	return w.run(ctx, payload)
}

func (h *host) worker(ctx context.Context, name string) (*worker, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w, found := h.workers[name]; found {
		select {
		case <-w.done: // it died: the next invocation starts another, as on AWS
		default:
			return w, nil
		}
	}
	w, err := h.start(ctx, name)
	if err != nil {
		return nil, err
	}
	h.workers[name] = w
	return w, nil
}

// configuration is what GetFunctionConfiguration answers, as far as it is used.
type configuration struct {
	Handler, Runtime string
	Timeout          int
	Environment      struct{ Variables map[string]string }
}

func (h *host) start(ctx context.Context, name string) (*worker, error) {
	body, err := h.wire().call(ctx, http.MethodGet, "/2015-03-31/functions/"+name+"/configuration", "lambda", nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", lab.ErrNoFunction, err)
	}
	var c configuration
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("read the configuration of %s: %w", name, err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	w := &worker{name: name, timeout: time.Duration(c.Timeout) * time.Second, done: make(chan struct{}), jobs: make(chan *job)}
	w.server = &http.Server{Handler: w.api(), ReadHeaderTimeout: time.Minute}
	go func() { _ = w.server.Serve(listener) }()
	w.cmd = exec.Command(h.program) //nolint:noctx // close ends it
	w.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "_HANDLER=" + c.Handler,
		"AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + h.endpoint(),
		"AWS_LAMBDA_FUNCTION_NAME=" + name, "AWS_LAMBDA_FUNCTION_VERSION=1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "AWS_EC2_METADATA_DISABLED=true",
	}
	for variable, value := range c.Environment.Variables {
		w.cmd.Env = append(w.cmd.Env, variable+"="+value)
	}
	w.cmd.Stdout, w.cmd.Stderr = h.log, h.log
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = w.cmd.Wait() // how it ended is in its log
		close(w.done)
		_ = w.server.Close()
	}()
	return w, nil
}

func (w *worker) run(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
	w.one.Lock()
	defer w.one.Unlock()
	w.count++
	j := &job{id: fmt.Sprintf("%s-%d", w.name, w.count), payload: payload, deadline: time.Now().Add(w.timeout), result: make(chan outcome, 1)}
	timer := time.NewTimer(w.timeout)
	defer timer.Stop()
	select {
	case w.jobs <- j:
	case <-w.done:
		return nil, fmt.Errorf("RequestId: %s Error: Runtime exited before it asked for work", j.id)
	case <-timer.C:
		return nil, w.kill(j)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case o := <-j.result:
		return o.body, o.err
	case <-w.done:
		return nil, &lab.Error{Type: "Runtime.ExitError", Message: "RequestId: " + j.id + " Error: Runtime exited"}
	case <-timer.C:
		return nil, w.kill(j)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// kill ends a process whose function took too long.
func (w *worker) kill(j *job) error {
	_ = w.cmd.Process.Kill() // it may have ended
	<-w.done
	return &lab.Error{Type: "Sandbox.Timedout", Message: fmt.Sprintf("RequestId: %s Error: Task timed out after %s", j.id, w.timeout)}
}

// api is the Lambda Runtime API of one process.
func (w *worker) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(rw http.ResponseWriter, r *http.Request) {
		select {
		case j := <-w.jobs:
			w.mu.Lock()
			w.current = j
			w.mu.Unlock()
			rw.Header().Set("Lambda-Runtime-Aws-Request-Id", j.id)
			rw.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(j.deadline.UnixMilli(), 10))
			rw.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+region+":"+account+":function:"+w.name)
			_, _ = rw.Write(j.payload)
		case <-r.Context().Done():
		}
	})
	end := func(convert func([]byte) outcome) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.mu.Lock()
			j := w.current
			w.mu.Unlock()
			if j == nil || j.id != r.PathValue("id") {
				http.Error(rw, "unknown request", http.StatusForbidden)
				return
			}
			select {
			case j.result <- convert(body):
			default: // it was given up
			}
			rw.WriteHeader(http.StatusAccepted)
		}
	}
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", end(func(body []byte) outcome { return outcome{body: body} }))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", end(func(body []byte) outcome {
		var told struct{ ErrorMessage, ErrorType string }
		if json.Unmarshal(body, &told) != nil {
			told.ErrorMessage = string(body)
		}
		return outcome{err: &lab.Error{Type: told.ErrorType, Message: told.ErrorMessage}}
	}))
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusAccepted) })
	return mux
}

// close ends all processes.
func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.workers {
		_ = w.cmd.Process.Kill() // it may have ended
		<-w.done
	}
}
