// Command infra is the CDK app: the stack of the pipeline, and one stack for each environment of
// pilotage.yaml. It is run by the CDK's command line, see cdk.json.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	stderr := os.Stderr
	if err := run(); err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

// run synthesises the app. What a construct refuses it says by a panic, which is reported as it
// is: it means a mistake in this program and not in anybody's settings.
func run() error {
	if err := prepareRuntime(); err != nil {
		return err
	}
	defer closeRuntime()
	// Neither stack traces nor the tree of constructs: they take half of the time, and nobody reads them.
	app := awscdk.NewApp(&awscdk.AppProps{StackTraces: jsii.Bool(false), TreeMetadata: jsii.Bool(false), AnalyticsReporting: jsii.Bool(false)})
	settings, err := readSettings(app)
	if err != nil {
		return err
	}
	if err := build(app, settings); err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}
