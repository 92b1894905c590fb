package awserr

import (
	"errors"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// temporary reports what may pass: what the SDK retries, and a reply that could not be read to
// its end.
func temporary(err error) bool {
	if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary {
		return true
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() >= 500 {
		return true
	}
	var network net.Error
	var garbled *smithy.DeserializationError
	return errors.As(err, &network) || sent(err) || errors.As(err, &garbled)
}

// anonymous reports that no request was made for want of credentials. The SDK has no type for it;
// below it there may be deadlines and errors of the network, from where it looked for some.
func anonymous(err error) bool {
	return Code(err) == "" && strings.Contains(err.Error(), "failed to refresh cached credentials")
}

// nowhere reports that the name of the endpoint, which has the region in it, does not exist.
func nowhere(err error) bool {
	var name *net.DNSError
	return errors.As(err, &name) && name.IsNotFound
}

// unreachable reports that no connection came about, as from a network without a way out.
func unreachable(err error) bool {
	var operation *net.OpError
	return sent(err) && errors.As(err, &operation) && operation.Op == "dial"
}

func sent(err error) bool {
	var request *smithyhttp.RequestSendError
	return errors.As(err, &request)
}

// asked is where a service answered, for messages: its name has the region in it.
func asked(err error) string {
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil || response.Response.Response == nil {
		return ""
	}
	request := response.Response.Request
	if request == nil || request.URL == nil {
		return ""
	}
	return " (" + request.URL.Host + " was asked)"
}
