// Package awstest opens the SDK for tests that go over the wire, to an emulator.
package awstest

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pilotage/pilotage/shared/aws/session"
)

// Region is where tests are.
const Region = "us-east-1"

// Open is the pipeline's own configuration of the SDK, towards the emulator that
// AWS_ENDPOINT_URL names. Without it the test is skipped, and says so.
func Open(t *testing.T) aws.Config {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("SKIPPED: not tested over the wire, because AWS_ENDPOINT_URL names no emulator")
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"} {
		if os.Getenv(name) == "" {
			t.Setenv(name, value)
		}
	}
	cfg, err := session.Open(t.Context(), Region)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Name is a name that nothing else in the emulator has: prefix, a hyphen and ten letters and
// digits.
func Name(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:10]) }
