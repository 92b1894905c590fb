package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// handle is a function of each kind.
func handle(_ context.Context, name string, payload json.RawMessage) (json.RawMessage, error) {
	switch name {
	case "Echo":
		return payload, nil
	case "Nothing":
		return nil, nil
	case "Typed":
		return nil, fmt.Errorf("in a chain: %w", &Error{Type: "Pilotage.Invalid", Message: "a <bad> request"})
	case "Dead":
		return nil, errors.New("signal: killed")
	}
	return nil, fmt.Errorf("%w: %s", ErrNoFunction, name)
}

func TestInvocationsAreAnsweredAsLambdaDoes(t *testing.T) {
	served, err := serve(t.Context(), handle)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := served.close(); err != nil {
			t.Error(err)
		}
	}()
	for name, test := range map[string]struct {
		function, payload string
		status            int
		functionError     string
		want              string
	}{
		"a result":             {"Echo", `{"a":1}`, 200, "", `{"a":1}`},
		"no payload":           {"Echo", "", 200, "", `{}`},
		"no result":            {"Nothing", `{}`, 200, "", `null`},
		"by ARN and alias":     {"arn:aws:lambda:eu-central-1:1:function:Echo:live", `2`, 200, "", `2`},
		"an error with a type": {"Typed", `{}`, 200, "Unhandled", `{"errorMessage":"a <bad> request","errorType":"Pilotage.Invalid"}`},
		"an error without one": {"Dead", `{}`, 200, "Unhandled", `{"errorMessage":"signal: killed"}`},
		"no such function":     {"Other", `{}`, 404, "", `{"Type":"User","Message":"Function not found: Other"}`},
		"too large":            {"Echo", strings.Repeat(" ", maxInvocation+1), 413, "", `{"Type":"User","Message":"http: request body too large"}`},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := post(t, served.url, test.function, test.payload, "")
			if response.StatusCode != test.status || response.Header.Get("X-Amz-Function-Error") != test.functionError || body != test.want {
				t.Errorf("got status %d, error %q, body %s; want %d, %q, %s", response.StatusCode,
					response.Header.Get("X-Amz-Function-Error"), body, test.status, test.functionError, test.want)
			}
		})
	}
}

func post(t *testing.T, url, function, payload, kind string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/2015-03-31/functions/"+function+"/invocations", strings.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Invocation-Type", kind)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestEventIsAcceptedBeforeItsFunctionEnds(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	served, err := serve(t.Context(), func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
		close(begun)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if response, body := post(t, served.url, "Slow", `{}`, "Event"); response.StatusCode != http.StatusAccepted || body != "" {
		t.Errorf("got status %d and body %q, want 202 and none", response.StatusCode, body)
	}
	<-begun
	if err := served.close(); err != nil {
		t.Error(err)
	}
	select {
	case <-ended:
	default:
		t.Error("close returned before the function had ended")
	}
	if err := served.close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
