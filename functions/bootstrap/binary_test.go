package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runtimeAPI is Lambda's side of the Runtime API of 2018-06-01: it hands out invocations and
// takes their answers.
type runtimeAPI struct {
	invocations chan string
	answers     chan answer
	next        chan time.Time
}

type answer struct {
	path      string
	errorType string
	body      string
}

func (r *runtimeAPI) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.Path, "/2018-06-01/runtime/invocation/")
	if path == "next" {
		r.next <- time.Now()
		select {
		case payload := <-r.invocations:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(30*time.Second).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
			_, _ = io.WriteString(w, payload)
		case <-request.Context().Done():
		}
		return
	}
	body, _ := io.ReadAll(request.Body)
	r.answers <- answer{path, request.Header.Get("Lambda-Runtime-Function-Error-Type"), string(body)}
	w.WriteHeader(http.StatusAccepted)
}

// build makes the binary as it is shipped, for this machine.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// start runs the binary against a Runtime API until the test ends.
func start(t *testing.T, binary string, env ...string) (*runtimeAPI, output) {
	t.Helper()
	api := &runtimeAPI{make(chan string), make(chan answer, 1), make(chan time.Time, 8)}
	server := httptest.NewServer(api)
	log, err := os.Create(filepath.Join(t.TempDir(), "log")) // a pipe would bring what was written some time later
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"), "PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		_ = log.Close()
		server.Close()
	})
	return api, output(log.Name())
}

// output is the path of what a process has written.
type output string

// String is all of it so far.
func (o output) String() string {
	text, err := os.ReadFile(string(o))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// invoke hands one invocation out and waits for its answer.
func (r *runtimeAPI) invoke(t *testing.T, payload string) answer {
	t.Helper()
	timeout := time.After(20 * time.Second)
	select {
	case r.invocations <- payload:
	case <-timeout:
		t.Fatal("nobody asked for an invocation")
	}
	select {
	case a := <-r.answers:
		return a
	case <-timeout:
		t.Fatal("nobody answered")
	}
	return answer{}
}

// TestBinary builds the binary once.
func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the binary")
	}
	binary := build(t)
	t.Run("answers over the Runtime API", func(t *testing.T) { answers(t, binary) })
	t.Run("logs only JSON", func(t *testing.T) { logsJSON(t, binary) })
	t.Run("allocates little before it begins", func(t *testing.T) { allocatesLittle(t, binary) })
}

func answers(t *testing.T, binary string) {
	region := []string{"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true"}
	for _, test := range []struct {
		name    string
		env     []string
		payload string
		want    answer
		message string
	}{
		{
			"an answer", append(region, "_HANDLER=Webhook", "PILOTAGE_BUS_NAME=b", "PILOTAGE_WEBHOOK_SECRET_ARN=s"),
			`{"requestContext":{"http":{"method":"GET"}}}`,
			answer{path: "r1/response"},
			`"statusCode":405`,
		},
		{"no such function", append(region, "_HANDLER=bootstrap"), `{}`, answer{path: "r1/error", errorType: "Pilotage.Invalid"}, `_HANDLER`},
		{"settings that are missing", append(region, "_HANDLER=Validate"), `{}`, answer{path: "r1/error", errorType: "Pilotage.Invalid"}, "PILOTAGE_LEDGER_TABLE"},
		{"a payload that is no document", append(region, "_HANDLER=Lock", "PILOTAGE_LEDGER_TABLE=t"), `[]`, answer{path: "r1/error", errorType: "Pilotage.Internal"}, "read the document"},
		{
			"a service that cannot be reached", append(region, "_HANDLER=Lock", "PILOTAGE_LEDGER_TABLE=t", "AWS_ENDPOINT_URL=http://127.0.0.1:1"),
			`{"id":"d","stage":"Lock"}`,
			answer{path: "r1/error", errorType: "Pilotage.Transient"},
			`in table \"t\"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			api, _ := start(t, binary, test.env...)
			got := api.invoke(t, test.payload)
			if got.path != test.want.path || !strings.Contains(got.body, test.message) {
				t.Fatalf("got %s with %s, want %s with %s in it", got.path, got.body, test.want.path, test.message)
			}
			if test.want.errorType == "" {
				return
			}
			var body struct {
				ErrorType  string `json:"errorType"`
				StackTrace []any  `json:"stackTrace"`
			}
			if err := json.Unmarshal([]byte(got.body), &body); err != nil {
				t.Fatal(err)
			}
			if body.ErrorType != test.want.errorType || body.StackTrace != nil {
				t.Errorf("got errorType %q, want exactly %q, and no stack: %s", body.ErrorType, test.want.errorType, got.body)
			}
			// It goes on after an error.
			if again := api.invoke(t, test.payload); again.path != test.want.path {
				t.Errorf("the second invocation got %s", again.path)
			}
		})
	}
}

func logsJSON(t *testing.T, binary string) {
	api, log := start(t, binary, "_HANDLER=Lock")
	api.invoke(t, `{"id":"d1","stage":"Lock"}`)
	<-api.next // the first request for an invocation
	<-api.next // the second: everything of the first has been logged
	all := lines(t, log)
	if len(all) == 0 {
		t.Fatal("nothing was logged")
	}
	for _, line := range all {
		if line["deployment"] != "d1" || line["stage"] != "Lock" || line["attempt"] == nil {
			t.Errorf("line %v does not say which deployment, stage and attempt", line)
		}
	}
}
