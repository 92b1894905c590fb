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
	"slices"

	"github.com/aws/smithy-go"

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
//   - A resource that is missing, a key that cannot be used and an action that is not allowed are
//     fault.Invalid: the same call will fail again until somebody changes the setting that the
//     message names.
//   - Credentials that are missing or do not hold and everything else are fault.Internal.
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
	case anonymous(err):
		return fault.Internal, "there are no credentials, or they could not be renewed; look at the role of the function, and elsewhere at AWS_PROFILE and `aws sso login`"
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fault.Transient, ""
	case expired(code):
		return fault.Internal, "the credentials do not hold (expired, of another partition, or the region is not enabled for the account); look at the role of the function, at AWS_REGION, and at the clock"
	case denied(code):
		return fault.Invalid, fmt.Sprintf("not allowed; give the role of this function %s on it, or correct %s", call.Action, call.Setting)
	case locked(err):
		return fault.Invalid, fmt.Sprintf("its key cannot be used; look at whether it is enabled, and whether the role of this function may use it; %s says what it belongs to", call.Setting)
	case Missing(err):
		return fault.Invalid, fmt.Sprintf("there is none in this account and region%s; look at %s", asked(err), call.Setting)
	case nowhere(err):
		return fault.Transient, "there is no such host; look at AWS_REGION, and whether the service exists in that region"
	case unreachable(err):
		return fault.Transient, "AWS could not be reached; if it stays so, look at the network's way out, by NAT gateway and security group"
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
