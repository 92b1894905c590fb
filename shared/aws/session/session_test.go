package session

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/pilotage/pilotage/shared/fault"
)

func TestOpenWantsARegion(t *testing.T) {
	if _, err := Open(t.Context(), ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("got error %v, want one of class Invalid", err)
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
