// Package sigv4 checks requests that were signed with AWS Signature Version 4, as a function URL
// with IAM authentication does before it calls its function. It is written from the
// specification ("Create a signed AWS API request", IAM User Guide), apart from the SDK that signs.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Identity is who has an access key.
type Identity struct {
	// Arn is what AWS calls them, Secret the secret access key.
	Arn    string
	Secret string
}

// Verifier checks signatures. It is safe for concurrent use.
type Verifier struct {
	// Identities are those that may sign, by access key id.
	Identities map[string]Identity
	// Service and Region are what a request must be signed for.
	Service string
	Region  string
	Now     func() time.Time
}

// The reasons for which a request is refused.
var (
	ErrUnsigned = errors.New("the request is not signed")                                   //nolint:gochecknoglobals // a sentinel error
	ErrUnknown  = errors.New("the security token included in the request is invalid")       //nolint:gochecknoglobals // a sentinel error
	ErrMismatch = errors.New("the request signature we calculated does not match yours")    //nolint:gochecknoglobals // a sentinel error
	ErrStale    = errors.New("the signature is older, or younger, than five minutes")       //nolint:gochecknoglobals // a sentinel error
	ErrScope    = errors.New("the credential is scoped to another region, service or date") //nolint:gochecknoglobals // a sentinel error
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	maxSkew    = 5 * time.Minute
)

// claim is what an Authorization header says.
type claim struct {
	key       string
	scope     string // date/region/service/aws4_request
	signed    []string
	signature string
	at        time.Time
}

// Verify returns the ARN of who signed the request with this body, or why it is refused. Headers
// that the specification wants signed, the host among them, must be.
func (v Verifier) Verify(request *http.Request, body []byte) (string, error) {
	claimed, err := parse(request)
	if err != nil {
		return "", err
	}
	identity, known := v.Identities[claimed.key]
	if !known {
		return "", ErrUnknown
	}
	if claimed.scope != strings.Join([]string{claimed.at.Format("20060102"), v.Region, v.Service, "aws4_request"}, "/") {
		return "", ErrScope
	}
	if skew := v.Now().Sub(claimed.at); skew > maxSkew || skew < -maxSkew {
		return "", ErrStale
	}
	canonical := canonical(request, claimed.signed, body)
	toSign := strings.Join([]string{algorithm, claimed.at.Format(timeFormat), claimed.scope, sum([]byte(canonical))}, "\n")
	want := mac(signingKey(identity.Secret, claimed.scope), toSign)
	got, err := hex.DecodeString(claimed.signature)
	if err != nil || !hmac.Equal(got, want) {
		return "", ErrMismatch
	}
	return identity.Arn, nil
}

func parse(request *http.Request) (claim, error) {
	rest, found := strings.CutPrefix(request.Header.Get("Authorization"), algorithm+" ")
	if !found {
		return claim{}, ErrUnsigned
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	key, scope, _ := strings.Cut(parts["Credential"], "/")
	at, err := time.Parse(timeFormat, request.Header.Get("X-Amz-Date"))
	signed := strings.Split(parts["SignedHeaders"], ";")
	complete := slices.Contains(signed, "host") && slices.Contains(signed, "x-amz-date")
	if err != nil || key == "" || scope == "" || parts["Signature"] == "" || !complete {
		return claim{}, ErrUnsigned
	}
	return claim{key: key, scope: scope, signed: signed, signature: parts["Signature"], at: at}, nil
}

// canonical is the request in the form that is signed.
func canonical(request *http.Request, signed []string, body []byte) string {
	path := request.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	var headers strings.Builder
	for _, name := range signed {
		headers.WriteString(name + ":" + header(request, name) + "\n")
	}
	return strings.Join([]string{request.Method, path, query(request.URL), headers.String(), strings.Join(signed, ";"), sum(body)}, "\n")
}

// header is the value of a signed header, runs of spaces made one.
func header(request *http.Request, name string) string {
	switch name {
	case "host":
		return request.Host
	case "content-length":
		if request.Header.Get("Content-Length") == "" {
			return strconv.FormatInt(request.ContentLength, 10)
		}
	}
	values := slices.Clone(request.Header.Values(name))
	for i, value := range values {
		values[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(values, ",")
}

// query is the parameters sorted, and encoded with %20 for a space.
func query(address *url.URL) string { return strings.ReplaceAll(address.Query().Encode(), "+", "%20") }

func signingKey(secret, scope string) []byte {
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(text))
	return hash.Sum(nil)
}

func sum(text []byte) string {
	hashed := sha256.Sum256(text)
	return hex.EncodeToString(hashed[:])
}
