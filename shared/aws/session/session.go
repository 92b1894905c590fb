// Package session sets how the SDK calls AWS: which region, how long a call may take, how often
// it is tried. Every client of the pipeline is made from its configuration.
package session

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/pilotage/pilotage/shared/fault"
)

// The bounds of a call. A stage makes a handful of calls within its 60 seconds, and the state
// machine retries fault.Transient with a longer backoff: trying for long in here would only
// use up the stage's time.
const (
	dialTimeout    = 2 * time.Second
	attemptTimeout = 8 * time.Second
	callTimeout    = 20 * time.Second
	maxAttempts    = 4
	maxBackoff     = 3 * time.Second
)

// Open is the configuration for a region. Credentials and endpoints come from where the SDK
// looks for them; AWS_ENDPOINT_URL is obeyed. It makes no call.
//
// Retries are of the standard mode: a budget shared by all calls of a client keeps an outage
// from being made worse. The adaptive mode would slow a client down for the rest of its life
// after one throttling, which a pipeline of few calls has no use for.
func Open(ctx context.Context, region string) (aws.Config, error) {
	if region == "" {
		return aws.Config{}, fault.New(fault.Invalid, "open the AWS SDK: no region; set AWS_REGION")
	}
	if !regionForm().MatchString(region) {
		return aws.Config{}, fault.New(fault.Invalid, "open the AWS SDK: %q is no region, which looks like eu-central-1; correct AWS_REGION", region)
	}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(region), config.WithHTTPClient(client()), config.WithRetryer(retryer), config.WithLogger(logging.LoggerFunc(log)))
	if err != nil {
		return aws.Config{}, fault.New(fault.Invalid, "open the AWS SDK in %q: look at AWS_PROFILE and at the files ~/.aws/config and ~/.aws/credentials: %w", region, err)
	}
	cfg.APIOptions = append(cfg.APIOptions, bound)
	return cfg, nil
}

// regionForm takes "local" as well: that is the region of a world on one machine.
func regionForm() *regexp.Regexp { return regexp.MustCompile(`^(local|[a-z]+(-[a-z]+)+-[0-9]+)$`) }

// log keeps what the SDK has to say in the form of all other lines. Its own logger writes plain text
// to standard error: in a function's log, lines that are no JSON.
func log(classification logging.Classification, format string, values ...any) {
	level := slog.LevelDebug
	if classification == logging.Warn {
		level = slog.LevelWarn
	}
	slog.Log(context.Background(), level, fmt.Sprintf(format, values...), "by", "AWS SDK")
}

func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout })
}

func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = maxAttempts, maxBackoff
	})
}

// BoundID names the middleware that ends a call after its time. A call whose answer is read
// after it has returned, as an object's body, must remove it and bound itself.
const BoundID = "PilotageCallTimeout"

// bound ends a call, all its attempts together, after callTimeout.
func bound(stack *middleware.Stack) error {
	timeout := middleware.InitializeMiddlewareFunc(BoundID, func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		return next.HandleInitialize(ctx, in)
	})
	if err := stack.Initialize.Add(timeout, middleware.Before); err != nil {
		return fmt.Errorf("bound the time of a call: %w", err)
	}
	return nil
}

// Unbound removes the bound from a client's calls.
func Unbound(stack *middleware.Stack) error {
	if _, found := stack.Initialize.Get(BoundID); !found {
		return nil
	}
	if _, err := stack.Initialize.Remove(BoundID); err != nil {
		return fmt.Errorf("unbound the time of a call: %w", err)
	}
	return nil
}
