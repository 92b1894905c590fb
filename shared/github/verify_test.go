package github_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
)

// The example of GitHub's "Validating webhook deliveries", "Testing the webhook payload
// validation".
const (
	documentedSecret    = "It's a Secret to Everybody"
	documentedBody      = "Hello, World!"
	documentedSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

func TestVerify(t *testing.T) {
	secret, other := []byte(documentedSecret), []byte("another secret")
	digits := strings.TrimPrefix(documentedSignature, "sha256=")
	for _, test := range []struct {
		name      string
		secrets   [][]byte
		signature string
		body      string
		want      fault.Class
	}{
		{"documented example", [][]byte{secret}, documentedSignature, documentedBody, ""},
		{"old secret during a rotation", [][]byte{other, secret}, documentedSignature, documentedBody, ""},
		{"new secret during a rotation", [][]byte{secret, other}, documentedSignature, documentedBody, ""},
		{"other secret", [][]byte{other}, documentedSignature, documentedBody, fault.Denied},
		{"two other secrets", [][]byte{other, other}, documentedSignature, documentedBody, fault.Denied},
		{"other body", [][]byte{secret}, documentedSignature, documentedBody + "\n", fault.Denied},
		{"empty body", [][]byte{secret}, documentedSignature, "", fault.Denied},
		{"no signature", [][]byte{secret}, "", documentedBody, fault.Denied},
		{"prefix alone", [][]byte{secret}, "sha256=", documentedBody, fault.Denied},
		{"digits alone", [][]byte{secret}, digits, documentedBody, fault.Denied},
		{"sha1", [][]byte{secret}, "sha1=" + digits, documentedBody, fault.Denied},
		{"capitals", [][]byte{secret}, "sha256=" + strings.ToUpper(digits), documentedBody, fault.Denied},
		{"cut short", [][]byte{secret}, documentedSignature[:60], documentedBody, fault.Denied},
		{"continued", [][]byte{secret}, documentedSignature + "00", documentedBody, fault.Denied},
		{"two at once", [][]byte{secret}, documentedSignature + "," + documentedSignature, documentedBody, fault.Denied},
		{"signed with an empty secret", [][]byte{secret}, github.Sign(nil, []byte(documentedBody)), documentedBody, fault.Denied},
		{"no secrets", nil, documentedSignature, documentedBody, fault.Invalid},
		{"an empty secret", [][]byte{secret, {}}, documentedSignature, documentedBody, fault.Invalid},
		{"three secrets", [][]byte{secret, other, other}, documentedSignature, documentedBody, fault.Invalid},
	} {
		err := github.Verify(test.secrets, test.signature, []byte(test.body))
		if test.want == "" && err != nil {
			t.Errorf("%s: got error %v, want none", test.name, err)
		}
		if test.want != "" && !fault.Is(err, test.want) {
			t.Errorf("%s: got error %v, want one of class %s", test.name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), digits) {
			t.Errorf("%s: the error tells the right signature: %v", test.name, err)
		}
	}
}

// TestVerifyAdmitsNoMutation changes a good request 10,000 times, in its body, its signature or
// both, and signs some anew with a secret that is nearly right.
func TestVerifyAdmitsNoMutation(t *testing.T) {
	secrets := [][]byte{[]byte("new secret, 32 bytes of entropy!"), []byte("old secret")}
	body, err := os.ReadFile(filepath.Join("testdata", "push.json"))
	if err != nil {
		t.Fatal(err)
	}
	signature := github.Sign(secrets[0], body)
	if err := github.Verify(secrets, signature, body); err != nil {
		t.Fatalf("the request was refused before it was changed: %v", err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 10_000 {
		changedBody, changedSignature := body, signature
		switch random.IntN(4) {
		case 0:
			changedBody = mutate(random, body)
		case 1:
			changedSignature = string(mutate(random, []byte(signature)))
		case 2:
			changedBody, changedSignature = mutate(random, body), string(mutate(random, []byte(signature)))
		case 3:
			changedSignature = github.Sign(mutate(random, secrets[random.IntN(2)]), body)
		}
		if err := github.Verify(secrets, changedSignature, changedBody); !fault.Is(err, fault.Denied) {
			t.Fatalf("mutation %d was admitted (%v): %q %q", i, err, changedSignature, changedBody)
		}
	}
}

// mutate returns a copy of data that differs from it.
func mutate(random *rand.Rand, data []byte) []byte {
	for {
		at := random.IntN(len(data))
		changed := bytes.Clone(data)
		switch random.IntN(5) {
		case 0:
			changed[at] ^= 1 << random.IntN(8)
		case 1:
			changed = append(changed[:at], changed[at+1:]...)
		case 2:
			changed = append(changed[:at], append([]byte{byte(random.IntN(256))}, changed[at:]...)...)
		case 3:
			changed = changed[:at]
		case 4:
			other := random.IntN(len(data))
			changed[at], changed[other] = changed[other], changed[at]
		}
		if !bytes.Equal(changed, data) {
			return changed
		}
	}
}
