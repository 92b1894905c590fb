package awserr

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// denied reports codes that mean a missing permission. Services differ in spelling.
func denied(code string) bool {
	return strings.HasPrefix(code, "AccessDenied") || slices.Contains([]string{
		"UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException", "NotAuthorized", "NotAuthorizedException",
		"Forbidden", "OptInRequired", "KMSAccessDenied", "KMSAccessDeniedException", "AllAccessDisabled", "AccountProblem",
	}, code)
}

// expired reports codes that mean that the caller's credentials are not accepted.
func expired(code string) bool {
	return slices.Contains([]string{
		"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidClientTokenId", "UnrecognizedClientException",
		"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure", "RequestExpired",
	}, code)
}

// locked reports that what was asked for is encrypted with a key that is disabled, deleted or not
// for the caller. S3 answers with the code of KMS, others with one of their own.
func locked(err error) bool {
	code := strings.TrimSuffix(strings.TrimSuffix(Code(err), "Exception"), "Fault")
	return strings.HasPrefix(code, "KMS.") || slices.Contains([]string{
		"KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSKeyNotAccessible", "KMSInvalidKeyUsage", "DecryptionFailure", "InvalidKMSKey",
	}, code)
}

// Missing reports that the service does not know the resource: its name is wrong, or it is in
// another account or region.
func Missing(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	code := strings.TrimSuffix(strings.TrimSuffix(api.ErrorCode(), "Exception"), "Fault")
	if strings.HasSuffix(code, "NotFound") {
		return true
	}
	return slices.Contains([]string{
		"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "StateMachineDoesNotExist", "ExecutionDoesNotExist", "ServiceNotActive",
		// A bucket of another region answers so.
		"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint",
		// An ARN of another account or region, or not one at all.
		"InvalidArn",
	}, code) || strings.HasPrefix(code, "Validation") && strings.Contains(api.ErrorMessage(), "ARN") ||
		// A topic of another region, as SNS says it.
		code == "InvalidParameter" && strings.Contains(api.ErrorMessage(), "TopicArn")
}
