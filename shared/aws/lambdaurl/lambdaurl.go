// Package lambdaurl sends commands to the function URL that takes them, signed with the
// credentials of who asks. It is the command line's way into the pipeline.
package lambdaurl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/fault"
)

// Client sends commands. It is safe for concurrent use.
type Client struct {
	url         string
	region      string
	credentials aws.CredentialsProvider
	http        *http.Client
	now         func() time.Time
}

// signedService is the name that Lambda's function URLs are signed for (AWS Lambda Developer
// Guide, "Invoking Lambda function URLs").
const signedService = "lambda"

const (
	callTimeout = 30 * time.Second
	maxAnswer   = 1 << 20
)

// New is a client of the function URL at address. An address that is no https URL is
// fault.Invalid, loopback excepted. It makes no call.
func New(cfg aws.Config, address string, now func() time.Time) (Client, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return Client{}, fault.New(fault.Invalid, "%q is no URL; the output CommandAddress of the pipeline's stack has it", address)
	}
	if host := parsed.Hostname(); parsed.Scheme != "https" && host != "127.0.0.1" && host != "localhost" && host != "::1" {
		return Client{}, fault.New(fault.Invalid, "%q is no https URL; credentials are sent over TLS only", address)
	}
	if cfg.Credentials == nil {
		return Client{}, fault.New(fault.Invalid, "there are no AWS credentials; set AWS_PROFILE, or log in")
	}
	return Client{url: address, region: cfg.Region, credentials: cfg.Credentials, http: &http.Client{Timeout: callTimeout}, now: now}, nil
}

// Send sends one command and returns the answer. A command that was refused is an error with the
// class that the pipeline gave it. A reply that was lost is fault.Transient: sending the command
// again with the same key is safe.
func (c Client) Send(ctx context.Context, command commands.Command) (commands.Answer, error) {
	body, err := json.Marshal(command)
	if err != nil {
		return commands.Answer{}, fmt.Errorf("encode the command: %w", err)
	}
	request, err := c.request(ctx, body)
	if err != nil {
		return commands.Answer{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return commands.Answer{}, again(command, fault.New(fault.Transient, "send %s to %s: %w", command.Verb, c.url, err))
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return commands.Answer{}, again(command, fault.New(fault.Transient, "read the answer to %s: %w", command.Verb, err))
	}
	answer, err := read(response.StatusCode, text)
	return answer, again(command, err)
}

// again says how to send a command again of which it is not known what came of it. A command that
// is the same however often it is sent has no key.
func again(command commands.Command, err error) error {
	switch {
	case !fault.Is(err, fault.Transient):
		return err
	case command.Key == "":
		return fault.New(fault.Transient, "%w; send it again", err)
	}
	return fault.New(fault.Transient, "%w; send it again with --key %s, so that nothing is started twice", err, command.Key)
}

func (c Client) request(ctx context.Context, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "make the request to %s: %w", c.url, err)
	}
	request.Header.Set("Content-Type", "application/json")
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fault.New(fault.Invalid, "find AWS credentials: %w; set AWS_PROFILE, or log in", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), signedService, c.region, c.now()); err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	return request, nil
}

// read is the answer of the function, or what AWS says in its place.
func read(status int, text []byte) (commands.Answer, error) {
	var answer commands.Answer
	if err := json.Unmarshal(text, &answer); err == nil && (answer.Class != "" || status == http.StatusOK) {
		return answer, answer.Err()
	}
	switch status {
	case http.StatusForbidden, http.StatusUnauthorized:
		return answer, fault.New(fault.Denied, "AWS refused the request (%d): %s; your identity needs lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function pilotage-Command, and credentials of the pipeline's account and region that have not expired", status, bytes.TrimSpace(text))
	case http.StatusNotFound:
		return answer, fault.New(fault.Invalid, "there is no function at this URL (404): %s", bytes.TrimSpace(text))
	}
	return answer, fault.New(fault.Transient, "the pipeline answered %d: %s; its log group /aws/lambda/pilotage-Command says more", status, bytes.TrimSpace(text))
}

// NewLocal is a client for a world on this machine, which has made the access key.
func NewLocal(address, region, keyID, secret string, now func() time.Time) (Client, error) {
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, nil
	})
	return New(aws.Config{Region: region, Credentials: provider}, address, now)
}
