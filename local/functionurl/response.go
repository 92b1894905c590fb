package functionurl

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/fault"
)

// response is an answer that has been checked and can be written.
type response struct {
	status  int
	headers map[string]string
	cookies []string
	body    []byte
}

// parseResponse reads a function's answer. One without a statusCode is the body itself, with
// status 200 and type application/json.
func parseResponse(answer json.RawMessage) (response, error) {
	if !json.Valid(answer) {
		return response{}, fault.New(fault.Invalid, "the answer is not JSON")
	}
	var members map[string]json.RawMessage
	// What is no object has no status code either.
	_ = json.Unmarshal(answer, &members)
	if _, hasStatus := members["statusCode"]; !hasStatus {
		return response{status: http.StatusOK, body: answer}, nil
	}
	var decoded events.LambdaFunctionURLResponse
	if err := json.Unmarshal(answer, &decoded); err != nil {
		return response{}, fault.New(fault.Invalid, "decode answer: %w", err)
	}
	// net/http panics above 999, and a status below 200 would be followed by another.
	if decoded.StatusCode < 200 || decoded.StatusCode > 599 {
		return response{}, fault.New(fault.Invalid, "the status code %d is not from 200 to 599", decoded.StatusCode)
	}
	result := response{
		status: decoded.StatusCode, headers: decoded.Headers, cookies: decoded.Cookies, body: []byte(decoded.Body),
	}
	if decoded.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(decoded.Body)
		if err != nil {
			return response{}, fault.New(fault.Invalid, "decode body: %w", err)
		}
		result.body = body
	}
	return result, result.check()
}

// check refuses what could not be written as it is.
func (r response) check() error {
	if len(r.body) > maxBody {
		return fault.New(fault.Invalid, "the body has %d bytes, more than %d", len(r.body), maxBody)
	}
	for name, value := range r.headers {
		if !isToken(name) || hasControl(value) {
			return fault.New(fault.Invalid, "the header %q cannot be sent", name)
		}
	}
	for _, cookie := range r.cookies {
		if hasControl(cookie) {
			return fault.New(fault.Invalid, "the cookie %q cannot be sent", cookie)
		}
	}
	return nil
}

// write sends the response.
func (r response) write(writer http.ResponseWriter) {
	header := writer.Header()
	for _, name := range slices.Sorted(maps.Keys(r.headers)) {
		// These belong to the connection; the server sets them to what it really sends.
		if !slices.Contains([]string{"Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade"},
			textproto.CanonicalMIMEHeaderKey(name)) {
			header.Add(name, r.headers[name])
		}
	}
	for _, cookie := range r.cookies {
		header.Add("Set-Cookie", cookie)
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	writer.WriteHeader(r.status)
	// It is too late for another answer when the client is gone or the status has no body.
	_, _ = writer.Write(r.body)
}

// isToken reports a header name of RFC 9110, 5.6.2.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func hasControl(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f })
}
