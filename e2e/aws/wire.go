package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// wire calls the emulation where the product has no client of its own: CloudFormation, Lambda's
// configuration, and what a test looks at. The emulation verifies no signature; it reads the
// service's name out of it.
type wire struct{ base string }

const region, account = "us-east-1", "123456789012"

// call sends one request and returns the answer's body. A status of 300 or more is an error.
func (w wire) call(ctx context.Context, method, path, service string, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, w.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s of %s: %s: %.600s", method, path, service, response.Status, answer)
	}
	return answer, nil
}

// query calls an operation of a service that speaks the query protocol.
func (w wire) query(ctx context.Context, service, action, version string, values map[string]string) ([]byte, error) {
	form := url.Values{}
	for name, value := range values {
		form.Set(name, value)
	}
	return w.form(ctx, service, action, version, form)
}

func (w wire) form(ctx context.Context, service, action, version string, form url.Values) ([]byte, error) {
	form.Set("Action", action)
	form.Set("Version", version)
	answer, err := w.call(ctx, http.MethodPost, "/", service, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	return answer, nil
}

// json calls an operation of a service that speaks AWS JSON.
func (w wire) json(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := w.call(ctx, http.MethodPost, "/", service, http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}, body)
	if err != nil {
		return fmt.Errorf("%s: %w", target[strings.LastIndex(target, ".")+1:], err)
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	return json.Unmarshal(answer, out)
}
