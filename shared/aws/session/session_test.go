package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/logging"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/fault"
)

func TestOpenWantsARegion(t *testing.T) {
	for _, region := range []string{"", "frankfurt", "eu-central", "EU-CENTRAL-1", "eu-central-1 "} {
		if _, err := Open(t.Context(), region); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "AWS_REGION") {
			t.Errorf("region %q: got error %v, want one of class Invalid that names AWS_REGION", region, err)
		}
	}
	for _, region := range []string{"us-east-1", "us-gov-west-1", "us-iso-east-1", "ap-southeast-5"} {
		if _, err := Open(t.Context(), region); err != nil {
			t.Errorf("region %q: got error %v", region, err)
		}
	}
}

func TestOpenNamesTheProfileThatIsMissing(t *testing.T) {
	t.Setenv("AWS_PROFILE", "nobody")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	_, err := Open(t.Context(), "us-east-1")
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "AWS_PROFILE") || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got error %v, want one of class Invalid that names the profile", err)
	}
}

// TestCallsWithoutCredentialsSaySo holds the SDK to the words by which awserr knows it.
func TestCallsWithoutCredentialsSaySo(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	cfg, err := Open(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = sns.NewFromConfig(cfg).Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String("t"), Message: aws.String("m")})
	err = awserr.Wrap(err, awserr.Call{Doing: "publish", Action: "sns:Publish", Setting: "the topic"})
	if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "there are no credentials") {
		t.Errorf("got error %v of class %s, want one that says that there are no credentials", err, fault.Of(err))
	}
}

func TestTheSDKLogsAsEverybodyDoes(t *testing.T) {
	var lines bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	cfg, err := Open(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger.Logf(logging.Debug, "attempt %d", 2)
	cfg.Logger.Logf(logging.Warn, "100%% of %s", "it")
	decoder := json.NewDecoder(&lines)
	for _, want := range []struct{ Level, Msg string }{{"DEBUG", "attempt 2"}, {"WARN", "100% of it"}} {
		var got struct{ Level, Msg string }
		if err := decoder.Decode(&got); err != nil || got != want {
			t.Errorf("got %+v and error %v, want %+v", got, err, want)
		}
	}
}

func TestCallsAreTriedAgain(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tries.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	cfg, err := Open(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	cfg.BaseEndpoint = aws.String(server.URL)
	if _, err := sns.NewFromConfig(cfg).Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String("t"), Message: aws.String("m")}); err == nil {
		t.Error("got no error")
	}
	if got := tries.Load(); got != maxAttempts {
		t.Errorf("got %d attempts, want %d", got, maxAttempts)
	}
}

// hang answers only when the request is given up.
type hang struct{}

func (hang) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestCallsEnd(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	synctest.Test(t, func(t *testing.T) {
		cfg, err := Open(t.Context(), "us-east-1")
		if err != nil {
			t.Fatal(err)
		}
		cfg.HTTPClient = hang{}
		begin := time.Now()
		_, err = sns.NewFromConfig(cfg).Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String("t"), Message: aws.String("m")})
		if took := time.Since(begin); took != callTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v after %s, want the deadline after %s", err, took, callTimeout)
		}
	})
}
