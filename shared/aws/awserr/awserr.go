// Package awserr gives the errors of AWS calls their class. It is the one place that knows how
// services name what went wrong. The adapters share it; it is no adapter itself.
//
// Sources: the SDK's own lists of retryable and throttling codes (aws/retry), and the "Common
// Errors" pages of the API references.
package awserr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/pilotage/pilotage/shared/fault"
)

// Call is what was being done, for the message.
type Call struct {
	// Doing is verb and object: `modify rule "arn:…"`.
	Doing string
	// Action is the IAM action that the call needs, such as "ecs:UpdateService".
	Action string
	// Setting is where the name of the resource comes from, such as "fleet.cluster of
	// /pilotage/shop/staging/place". Who reads the message looks there first.
	Setting string
}

// Wrap classifies the error of a call, nil included, which stays nil.
//
//   - Throttling, 5xx, a reply that was lost and a context that ended are fault.Transient.
//   - A resource that is missing and an action that is not allowed are fault.Invalid: the same
//     call will fail again until somebody changes the setting that the message names.
//   - Credentials that do not hold and everything else are fault.Internal.
func Wrap(err error, call Call) error {
	if err == nil {
		return nil
	}
	class, why := classify(err, call)
	if why == "" {
		return fault.New(class, "%s: %w", call.Doing, err)
	}
	return fault.New(class, "%s: %s: %w", call.Doing, why, err)
}

// classify finds the class, and what to tell a person beyond the error itself.
func classify(err error, call Call) (fault.Class, string) {
	code := Code(err)
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fault.Transient, ""
	case expired(code):
		return fault.Internal, "the credentials do not hold (expired, or of another partition); look at the role of the function, and at the clock"
	case denied(code):
		return fault.Invalid, fmt.Sprintf("not allowed; give the role of this function %s on it, or correct %s", call.Action, call.Setting)
	case Missing(err):
		return fault.Invalid, fmt.Sprintf("there is none in this account and region; look at %s", call.Setting)
	case temporary(err):
		return fault.Transient, ""
	case code != "":
		return fault.Internal, fmt.Sprintf("%s refused it; look at %s", call.Action, call.Setting)
	}
	return fault.Internal, "no request was made; look at AWS_REGION and at the credentials"
}

// Code is the error code that the service gave, empty when it gave none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Is reports whether the service gave one of the codes.
func Is(err error, codes ...string) bool {
	return err != nil && slices.Contains(codes, Code(err))
}

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
	var sent *smithyhttp.RequestSendError
	var garbled *smithy.DeserializationError
	return errors.As(err, &network) || errors.As(err, &sent) || errors.As(err, &garbled)
}
