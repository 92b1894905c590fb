package functionurl_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/local/functionurl"
)

func TestRequestBecomesAnEvent(t *testing.T) {
	request := httptest.NewRequest(http.MethodPost, "http://pilotage.localhost:8080/a%2Fb/c?x=1&y=a%20b&x=2&flag", strings.NewReader(`{"n":1}`))
	request.RemoteAddr = "[2001:db8::7]:4711"
	request.Header = http.Header{
		"Content-Type": {"application/json; charset=utf-8"},
		"User-Agent":   {"GitHub-Hookshot/044aadd"},
		"X-Odd":        {"one", "two, three", ""},
		"Cookie":       {"a=1; b=2", "c=3"},
	}
	event, _ := exchange(t, request, `{"statusCode":204}`)
	want := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: "/a%2Fb/c", RawQueryString: "x=1&y=a%20b&x=2&flag",
		Cookies: []string{"a=1", "b=2", "c=3"},
		Headers: map[string]string{
			"host": "pilotage.localhost:8080", "content-type": "application/json; charset=utf-8",
			"user-agent": "GitHub-Hookshot/044aadd", "x-odd": "one,two, three,",
		},
		QueryStringParameters: map[string]string{"x": "1,2", "y": "a b", "flag": ""},
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "anonymous", RequestID: "request-1", APIID: "pilotage",
			DomainName: "pilotage.localhost", DomainPrefix: "pilotage",
			Time: "12/Mar/2020:19:03:58 +0000", TimeEpoch: 1584039838000,
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: "POST", Path: "/a%2Fb/c", Protocol: "HTTP/1.1",
				SourceIP: "2001:db8::7", UserAgent: "GitHub-Hookshot/044aadd",
			},
		},
		Body: `{"n":1}`,
	}
	if !reflect.DeepEqual(event, want) {
		t.Errorf("got  %+v\nwant %+v", event, want)
	}
}

func TestBodiesAreTextOrBase64(t *testing.T) {
	binary := string([]byte{0, 1, 0xff, 0xfe, '\n'})
	for _, test := range []struct {
		name, kind, coding, body string
		wantBase64               bool
	}{
		{"JSON", "application/json", "", `{}`, false},
		{"text", "text/plain; charset=utf-8", "", "é", false},
		{"problem", "application/problem+json", "", `{}`, false},
		{"XML", "application/xml", "", `<a/>`, false},
		{"nothing", "", "", "", false},
		{"form", "application/x-www-form-urlencoded", "", "code=123&decision=approve", true},
		{"no type", "", "", "x", true},
		{"malformed type", ";;", "", "x", true},
		{"binary", "application/octet-stream", "", binary, true},
		{"compressed", "application/json", "gzip", `{}`, true},
		{"text that is none", "text/plain", "", binary, true},
	} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))
		request.Header = http.Header{"Content-Type": {test.kind}, "Content-Encoding": {test.coding}}
		event, _ := exchange(t, request, `{}`)
		if event.IsBase64Encoded != test.wantBase64 {
			t.Errorf("%s: got isBase64Encoded %v, want %v", test.name, event.IsBase64Encoded, test.wantBase64)
		}
		if got := bodyOf(t, event); got != test.body {
			t.Errorf("%s: got body %q, want %q", test.name, got, test.body)
		}
	}
}

func TestAnswerBecomesAResponse(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		wantStatus   int
		wantHeader   http.Header
		wantBody     string
	}{
		{
			"full", `{"statusCode":201,"headers":{"content-type":"text/html","X-Custom":"é, b"},"cookies":["a=1; Secure","b=2"],"body":"<p>"}`, 201,
			http.Header{"Content-Type": {"text/html"}, "X-Custom": {"é, b"}, "Set-Cookie": {"a=1; Secure", "b=2"}},
			"<p>",
		},
		{
			"base64", `{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"AAH/","isBase64Encoded":true}`, 200,
			http.Header{"Content-Type": {"image/png"}},
			"\x00\x01\xff",
		},
		{"status only", `{"statusCode":403}`, 403, http.Header{"Content-Type": {"application/json"}}, ""},
		{"redirect", `{"statusCode":303,"headers":{"location":"/done"}}`, 303, http.Header{"Content-Type": {"application/json"}, "Location": {"/done"}}, ""},
		{"no status", `{"message":"Hello, world!"}`, 200, http.Header{"Content-Type": {"application/json"}}, `{"message":"Hello, world!"}`},
		{"a string", `"Hello, world!"`, 200, http.Header{"Content-Type": {"application/json"}}, `"Hello, world!"`},
		{"null", `null`, 200, http.Header{"Content-Type": {"application/json"}}, `null`},
		{"two spellings of a header", `{"statusCode":200,"headers":{"X-A":"1","x-a":"2"}}`, 200, http.Header{"Content-Type": {"application/json"}, "X-A": {"1", "2"}}, ""},
		{
			"headers of the connection", `{"statusCode":200,"headers":{"content-length":"999","transfer-encoding":"chunked","connection":"close"},"body":"x"}`, 200,
			http.Header{"Content-Type": {"application/json"}},
			"x",
		},
	} {
		_, response := exchange(t, httptest.NewRequest(http.MethodGet, "/", nil), test.answer)
		if response.StatusCode != test.wantStatus || !maps.EqualFunc(response.Header, test.wantHeader, slices.Equal) {
			t.Errorf("%s: got %d %v, want %d %v", test.name, response.StatusCode, response.Header, test.wantStatus, test.wantHeader)
		}
		if got := read(t, response); got != test.wantBody {
			t.Errorf("%s: got body %q, want %q", test.name, got, test.wantBody)
		}
	}
}

func TestBadAnswersAreBadGateways(t *testing.T) {
	for name, answer := range map[string]string{
		"not JSON":                   `{`,
		"nothing":                    ``,
		"status out of range":        `{"statusCode":1000}`,
		"informational status":       `{"statusCode":101}`,
		"status of another type":     `{"statusCode":"200"}`,
		"status null":                `{"statusCode":null}`,
		"body not base64":            `{"statusCode":200,"body":"*","isBase64Encoded":true}`,
		"header with a line break":   `{"statusCode":200,"headers":{"X-A":"1\r\nSet-Cookie: a=1"}}`,
		"header name with a colon":   `{"statusCode":200,"headers":{"X:A":"1"}}`,
		"header name with a break":   `{"statusCode":200,"headers":{"X\nA":"1"}}`,
		"empty header name":          `{"statusCode":200,"headers":{"":"1"}}`,
		"cookie with a line break":   `{"statusCode":200,"cookies":["a=1\nX-A: 1"]}`,
		"body larger than its limit": `{"statusCode":200,"body":"` + strings.Repeat("x", 6<<20+1) + `"}`,
	} {
		_, response := exchange(t, httptest.NewRequest(http.MethodGet, "/", nil), answer)
		wantBadGateway(t, name, response)
	}
}

func TestFailuresAreBadGateways(t *testing.T) {
	var log bytes.Buffer
	handler := newHandler(func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return nil, errors.New("the secret is hunter2")
	})
	handler.Log = slog.New(slog.NewJSONHandler(&log, nil))
	wantBadGateway(t, "error", serve(handler, httptest.NewRequest(http.MethodGet, "/", nil)))
	if !strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "request-1") {
		t.Errorf("the log does not tell the error and the request: %s", log.String())
	}
	handler.Invoke = func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("nil map") }
	wantBadGateway(t, "panic", serve(handler, httptest.NewRequest(http.MethodGet, "/", nil)))
}

func TestBodiesAreBounded(t *testing.T) {
	for size, want := range map[int]int{6 << 20: 200, 6<<20 + 1: 413} {
		request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, size)))
		calls := 0
		response := serve(newHandler(func(context.Context, json.RawMessage) (json.RawMessage, error) {
			calls++
			return json.RawMessage(`{}`), nil
		}), request)
		if response.StatusCode != want || (want == 413) != (calls == 0) {
			t.Errorf("%d bytes: got status %d after %d calls, want %d", size, response.StatusCode, calls, want)
		}
	}
}

func TestBrokenBodyIsABadRequest(t *testing.T) {
	request := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader("x"), brokenReader{}))
	response := serve(newHandler(nil), request)
	if response.StatusCode != 400 {
		t.Errorf("got status %d, want 400", response.StatusCode)
	}
}

// TestRoundTripOverTheWire echoes a body through a real server.
func TestRoundTripOverTheWire(t *testing.T) {
	server := httptest.NewServer(newHandler(echo))
	defer server.Close()
	every := make([]byte, 512)
	for i := range every {
		every[i] = byte(i)
	}
	response, err := http.Post(server.URL+"/echo?q=1", "application/octet-stream", bytes.NewReader(every))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, response); got != string(every) {
		t.Errorf("got %q, want the bytes that were sent", got)
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("/a?b=c", "text/plain", "X-A", "value", []byte("body"))
	f.Add("/%2e%2e//", "application/octet-stream", "Cookie", "a;;b", []byte{0xff, 0})
	f.Fuzz(func(t *testing.T, target, kind, name, value string, body []byte) {
		request, err := http.NewRequest(http.MethodPost, "http://localhost/"+target, bytes.NewReader(body))
		if err != nil {
			return
		}
		request.Header = http.Header{"Content-Type": {kind}, http.CanonicalHeaderKey(name): {value}}
		response := serve(newHandler(echo), request)
		if got := read(t, response); response.StatusCode != 200 || got != string(body) {
			t.Fatalf("got %d %q, want 200 %q", response.StatusCode, got, body)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b"},"cookies":["c"],"body":"ZA==","isBase64Encoded":true}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		handler := newHandler(func(context.Context, json.RawMessage) (json.RawMessage, error) { return answer, nil })
		response := serve(handler, httptest.NewRequest(http.MethodGet, "/", nil))
		if response.StatusCode < 200 || response.StatusCode > 599 {
			t.Fatalf("got status %d", response.StatusCode)
		}
	})
}

// echo answers with the body that it was sent.
func echo(_ context.Context, document json.RawMessage) (json.RawMessage, error) {
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(document, &event); err != nil {
		return nil, err
	}
	return json.Marshal(events.LambdaFunctionURLResponse{
		StatusCode: 200, Body: event.Body, IsBase64Encoded: event.IsBase64Encoded,
	})
}

func newHandler(invoke func(context.Context, json.RawMessage) (json.RawMessage, error)) *functionurl.Handler {
	return &functionurl.Handler{
		Invoke: invoke,
		Now:    func() time.Time { return time.Date(2020, 3, 12, 21, 3, 58, 0, time.FixedZone("east", 7200)) },
		NewID:  func() string { return "request-1" },
		Log:    slog.New(slog.DiscardHandler),
	}
}

func serve(handler http.Handler, request *http.Request) *http.Response {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

// exchange serves one request with a fixed answer and returns the event that the function saw.
func exchange(t *testing.T, request *http.Request, answer string) (events.LambdaFunctionURLRequest, *http.Response) {
	t.Helper()
	var event events.LambdaFunctionURLRequest
	response := serve(newHandler(func(_ context.Context, document json.RawMessage) (json.RawMessage, error) {
		if err := json.Unmarshal(document, &event); err != nil {
			t.Errorf("the event is not JSON: %v", err)
		}
		return json.RawMessage(answer), nil
	}), request)
	return event, response
}

func bodyOf(t *testing.T, event events.LambdaFunctionURLRequest) string {
	t.Helper()
	if !event.IsBase64Encoded {
		return event.Body
	}
	body, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func read(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func wantBadGateway(t *testing.T, name string, response *http.Response) {
	t.Helper()
	if got := read(t, response); response.StatusCode != 502 || got != "Internal Server Error" {
		t.Errorf("%s: got %d %q, want 502 Internal Server Error", name, response.StatusCode, got)
	}
	if response.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s: a header of the refused answer was sent", name)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
