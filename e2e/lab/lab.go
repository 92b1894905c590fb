// Package lab starts and stops an independent emulation of AWS for the end-to-end checks: a
// Python program over moto that speaks AWS's wire format and brings its own interpreter of the
// States Language. Lambda invocations come back to a Function in this process.
//
// Nothing in the product needs it. Where the emulation is not installed, Find says what is
// missing, and the checks that need it are skipped.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// Options shape a lab. Place and Function are needed.
type Options struct {
	// Place is where the emulation is, as Find returned it.
	Place Place
	// Function answers Lambda invocations.
	Function Function
	// TimeScale multiplies what Step Functions waits: 0.1 makes a minute six seconds. Zero is 1.
	TimeScale float64
	// Environ is settings of the emulation beside those made here, as NAME=value.
	Environ []string
	// Clock waits; default clock.System.
	Clock clock.Clock
}

// Lab is a running emulation of AWS. Its methods are safe for concurrent use.
type Lab struct {
	// URL is where AWS's APIs answer, for AWS_ENDPOINT_URL. Any region and credentials will do.
	URL string

	process   *process
	functions *functions
}

// The bounds of starting and stopping. Importing moto takes seconds on a busy machine.
const (
	startTimeout = 90 * time.Second
	startPoll    = 100 * time.Millisecond
	stopTimeout  = 5 * time.Second
)

// Start starts the emulation on free ports of the loopback interface and returns once it
// answers. The caller closes it. Its errors end with the last lines that the emulation printed.
// ctx covers the start only; nothing is left running after an error.
func Start(ctx context.Context, options Options) (*Lab, error) {
	if options.Clock == nil {
		options.Clock = clock.System{}
	}
	if options.Function == nil {
		return nil, errors.New("start the lab: Options.Function is not set")
	}
	served, err := serve(ctx, options.Function)
	if err != nil {
		return nil, fmt.Errorf("start the lab: %w", err)
	}
	l := &Lab{functions: served}
	if err := l.launch(ctx, options); err != nil {
		return nil, errors.Join(fmt.Errorf("start the lab: %w", err), l.Close())
	}
	return l, nil
}

func (l *Lab) launch(ctx context.Context, options Options) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	l.URL = "http://127.0.0.1:" + strconv.Itoa(port)
	l.process, err = start([]string{options.Place.Python, options.Place.Script}, options.Place.Root, environ(options, port, l.functions.url))
	if err != nil {
		return err
	}
	return l.await(ctx, options.Clock)
}

// environ is this process's environment with the emulation's settings.
func environ(options Options, port int, functions string) []string {
	scale := options.TimeScale
	if scale == 0 {
		scale = 1
	}
	settings := append(os.Environ(),
		"LAB_PORT="+strconv.Itoa(port), "LAB_LAMBDA_URL="+functions, "LAB_JSONATA="+options.Place.Evaluator,
		"LAB_TIME_SCALE="+strconv.FormatFloat(scale, 'f', -1, 64), "PYTHONUNBUFFERED=1",
	)
	return append(settings, options.Environ...)
}

// await polls until the emulation answers, has ended or took too long.
func (l *Lab) await(ctx context.Context, clk clock.Clock) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("no answer from %s in %s", l.URL, startTimeout))
	defer cancel()
	for !answers(ctx, l.URL+"/moto-api/") {
		if l.process.ended() {
			return fmt.Errorf("the emulation ended at once; it printed:\n%s", l.Log())
		}
		if clk.Wait(ctx, startPoll) != nil {
			return fmt.Errorf("%w; the emulation printed:\n%s", context.Cause(ctx), l.Log())
		}
	}
	return nil
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // nothing was read
	return response.StatusCode == http.StatusOK
}

// Log is the last lines that the emulation printed.
func (l *Lab) Log() string {
	if l.process == nil {
		return ""
	}
	return l.process.tail.String()
}

// Close ends the emulation with all that it started, and then the functions, whose contexts
// end. It waits for both. Repeating it is safe.
func (l *Lab) Close() error {
	var err error
	if l.process != nil {
		err = l.process.stop(stopTimeout)
	}
	return errors.Join(err, l.functions.close())
}

// freePort is a port that nothing listens on. Another program may take it before it is used;
// then the emulation ends at once, and Start says so.
func freePort(ctx context.Context) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close() //nolint:errcheck // nothing was accepted
	return listener.Addr().(*net.TCPAddr).Port, nil
}
