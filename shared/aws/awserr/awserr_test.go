package awserr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pilotage/pilotage/shared/fault"
)

// replied is an error as the SDK makes it of a reply.
func replied(status int, code, message string) error {
	return &smithy.OperationError{ServiceID: "S", OperationName: "O", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Request: &http.Request{URL: &url.URL{Host: "s.eu-central-1.example.com"}}}},
		Err:      &smithy.GenericAPIError{Code: code, Message: message},
	}}
}

func TestWrapClassifies(t *testing.T) {
	call := Call{Doing: `modify rule "r"`, Action: "elasticloadbalancing:ModifyRule", Setting: "traffic.usersRuleArn of /pilotage/shop/staging/place"}
	for name, test := range map[string]struct {
		err  error
		want fault.Class
		says string
	}{
		"throttled":           {replied(400, "Throttling", "Rate exceeded"), fault.Transient, ""},
		"throttled, JSON":     {replied(400, "ThrottlingException", ""), fault.Transient, ""},
		"too many requests":   {replied(429, "TooManyRequestsException", ""), fault.Transient, ""},
		"server error":        {replied(500, "InternalFailure", ""), fault.Transient, ""},
		"unavailable":         {replied(503, "", ""), fault.Transient, ""},
		"no reply":            {&smithy.OperationError{Err: &smithyhttp.RequestSendError{Err: io.EOF}}, fault.Transient, ""},
		"half a reply":        {&smithy.OperationError{Err: &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}}, fault.Transient, ""},
		"connection refused":  {&smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, fault.Transient, ""},
		"out of time":         {fmt.Errorf("o: %w", context.DeadlineExceeded), fault.Transient, ""},
		"cancelled":           {fmt.Errorf("o: %w", context.Canceled), fault.Transient, ""},
		"no such rule":        {replied(400, "RuleNotFound", ""), fault.Invalid, "traffic.usersRuleArn"},
		"no such table":       {replied(400, "ResourceNotFoundException", ""), fault.Invalid, "account and region"},
		"no such instance":    {replied(404, "DBInstanceNotFoundFault", ""), fault.Invalid, "account and region"},
		"no such bucket":      {replied(404, "NoSuchBucket", ""), fault.Invalid, "account and region"},
		"no such machine":     {replied(400, "StateMachineDoesNotExist", ""), fault.Invalid, "account and region"},
		"another region":      {replied(400, "ValidationError", "'arn:x' is not a valid listener ARN"), fault.Invalid, "account and region"},
		"not allowed":         {replied(403, "AccessDenied", ""), fault.Invalid, "elasticloadbalancing:ModifyRule"},
		"not allowed, JSON":   {replied(400, "AccessDeniedException", ""), fault.Invalid, "elasticloadbalancing:ModifyRule"},
		"not allowed, SNS":    {replied(403, "AuthorizationError", ""), fault.Invalid, "elasticloadbalancing:ModifyRule"},
		"expired credentials": {replied(403, "ExpiredToken", ""), fault.Internal, "credentials"},
		"unknown credentials": {replied(403, "UnrecognizedClientException", ""), fault.Internal, "credentials"},
		"a wrong call":        {replied(400, "ValidationError", "1 is too many"), fault.Internal, "traffic.usersRuleArn"},
		"another region, SNS": {replied(400, "InvalidParameter", "Invalid parameter: TopicArn"), fault.Invalid, "eu-central-1.example.com was asked"},
		"another region, S3":  {replied(301, "PermanentRedirect", ""), fault.Invalid, "account and region"},
		"a disabled key":      {replied(400, "KMS.DisabledException", ""), fault.Invalid, "key cannot be used"},
		"a key of another":    {replied(400, "KMSKeyNotAccessibleFault", ""), fault.Invalid, "key cannot be used"},
		"a key, denied":       {replied(400, "KMSAccessDeniedException", ""), fault.Invalid, "elasticloadbalancing:ModifyRule"},
		"no such host":        {&smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}}, fault.Transient, "AWS_REGION"},
		"no way out":          {&smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: errors.New("i/o timeout")}}, fault.Transient, "NAT gateway"},
		"cut off":             {&smithyhttp.RequestSendError{Err: &net.OpError{Op: "read", Err: errors.New("reset")}}, fault.Transient, ""},
		"no credentials":      {fmt.Errorf("get identity: get credentials: failed to refresh cached credentials, %w", &net.OpError{Op: "dial", Err: context.DeadlineExceeded}), fault.Internal, "no credentials"},
		"no region":           {&smithy.OperationError{Err: errors.New("no region")}, fault.Internal, "AWS_REGION"},
	} {
		got := Wrap(test.err, call)
		if !fault.Is(got, test.want) || !errors.Is(got, test.err) {
			t.Errorf("%s: got class %s, want %s that wraps its cause", name, fault.Of(got), test.want)
		}
		if !strings.HasPrefix(got.Error(), call.Doing+": ") || !strings.Contains(got.Error(), test.says) {
			t.Errorf("%s: got %q, which does not begin with the call or does not name %q", name, got, test.says)
		}
	}
	if Wrap(nil, call) != nil {
		t.Error("no error became one")
	}
}
