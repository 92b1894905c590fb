package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Function answers one Lambda invocation of the function called name, which is without ARN,
// version or alias. An error that holds an *Error has its type; ErrNoFunction says that there is
// no such function; any other is that of a function that died, which has no type. ctx ends at
// Close.
type Function func(ctx context.Context, name string, payload json.RawMessage) (json.RawMessage, error)

// Error is an error that a function returned.
type Error struct {
	// Type is what Retry and Catch match.
	Type string
	// Message is for people.
	Message string
}

// Error is "type: message".
func (e *Error) Error() string { return e.Type + ": " + e.Message }

// ErrNoFunction says that no function has the name.
var ErrNoFunction = errors.New("there is no such function")

// maxInvocation is Lambda's quota for a synchronous payload: 6 MB.
const maxInvocation = 6 << 20

// functions serves Lambda's Invoke over HTTP.
type functions struct {
	url    string
	server *http.Server
	end    context.CancelFunc

	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

// serve begins to serve on a free port of the loopback interface.
func serve(ctx context.Context, run Function) (*functions, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for invocations: %w", err)
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	f := &functions{url: "http://" + listener.Addr().String(), end: end}
	f.server = &http.Server{
		Handler: f.handler(life, run), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return life },
	}
	f.begin()
	go func() {
		defer f.work.Done()
		_ = f.server.Serve(listener) // ends with close
	}()
	return f, nil
}

// begin counts one more to wait for, unless close was called.
func (f *functions) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.work.Add(1)
	}
	return !f.closed
}

// close ends the functions that run and waits for them.
func (f *functions) close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.end()
	err := f.server.Close()
	f.work.Wait()
	return err
}

// handler answers POST /2015-03-31/functions/NAME/invocations as Lambda does. A function runs on
// when its caller hangs up.
func (f *functions) handler(life context.Context, run Function) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInvocation))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", err.Error())
			return
		}
		if len(payload) == 0 {
			payload = []byte("{}")
		}
		name := functionName(r.PathValue("name"))
		if !f.begin() {
			refuse(w, http.StatusServiceUnavailable, "ServiceException", "the lab is closed")
			return
		}
		if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
			go func() {
				defer f.work.Done()
				_, _ = run(life, name, payload) // nobody hears of it, as on AWS
			}()
			w.WriteHeader(http.StatusAccepted)
			return
		}
		defer f.work.Done()
		result, err := run(life, name, payload)
		answer(w, name, result, err)
	})
	return mux
}

// answer writes how an invocation ended.
func answer(w http.ResponseWriter, name string, result json.RawMessage, err error) {
	if errors.Is(err, ErrNoFunction) {
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+name)
		return
	}
	if err != nil {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		result = failure(err)
	}
	if len(result) == 0 {
		result = json.RawMessage("null")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	_, _ = w.Write(result) // a caller that hung up
}

// failure is what a function's error is on the wire, in the order of a Go function's.
func failure(err error) json.RawMessage {
	body := struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType,omitempty"`
	}{ErrorMessage: err.Error()}
	var typed *Error
	if errors.As(err, &typed) {
		body.ErrorMessage, body.ErrorType = typed.Message, typed.Type
	}
	return encode(body)
}

// refuse answers as the service does when no function has run.
func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(struct {
		Type    string
		Message string
	}{"User", message})) // a caller that hung up
}

// encode leaves <, > and & as they are, as aws-lambda-go does not; what is compared is decoded.
func encode(body any) []byte {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // strings always encode
	return []byte(strings.TrimSuffix(text.String(), "\n"))
}

// functionName is the name in an ARN, version or alias cut off; a plain name is its own.
func functionName(name string) string {
	if _, rest, ok := strings.Cut(name, ":function:"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(name, ":")
	return name
}
