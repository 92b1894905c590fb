// Package github reads GitHub's webhooks and tells GitHub what became of commits. Of a webhook it
// verifies that GitHub sent the delivery, and reads the push that it tells of. It has no state.
package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/pilotage/pilotage/shared/fault"
)

// SignatureHeader is the HTTP header that Verify wants, and EventHeader the one that says which
// event a delivery is: "push", or "ping" when a webhook was just made. The signature does not
// cover EventHeader; ParsePush refuses the bodies of other events.
const (
	SignatureHeader = "X-Hub-Signature-256"
	EventHeader     = "X-GitHub-Event"
)

// maxSecrets is the one in use and, while it is being replaced, its successor.
const maxSecrets = 2

// Verify returns nil if signature, the value of SignatureHeader, is GitHub's signature over body
// with one of the secrets. body must be the bytes as received, before any decoding but base64.
//
// It returns an error of class fault.Denied for a signature that is missing, malformed or wrong,
// without saying which secret it was compared with, and fault.Invalid unless there are one or two
// secrets, none of them empty. The time it takes does not depend on where a signature differs. It
// says nothing about replays: the signature covers the body alone, so remember Push.Key.
//
// See GitHub's "Validating webhook deliveries".
func Verify(secrets [][]byte, signature string, body []byte) error {
	if len(secrets) == 0 || len(secrets) > maxSecrets {
		return fault.New(fault.Invalid, "verify webhook: there are %d secrets, not 1 or %d", len(secrets), maxSecrets)
	}
	for _, secret := range secrets {
		// Anybody can sign with an empty secret.
		if len(secret) == 0 {
			return fault.New(fault.Invalid, "verify webhook: a secret is empty")
		}
	}
	if signature == "" {
		return fault.New(fault.Denied, "verify webhook: the delivery is not signed: has the webhook a secret?")
	}
	valid := false
	for _, secret := range secrets {
		// No early end: both are always compared. Comparing the text, not the decoded bytes,
		// leaves exactly one spelling that is valid.
		if hmac.Equal([]byte(Sign(secret, body)), []byte(signature)) {
			valid = true
		}
	}
	if !valid {
		return fault.New(fault.Denied, "verify webhook: the signature matches no secret")
	}
	return nil
}

// Sign is the signature that GitHub sends with body: "sha256=" and the HMAC-SHA256 in lower-case
// hexadecimal. It is here for whoever plays GitHub's part.
func Sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
