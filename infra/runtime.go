package main

import (
	"fmt"
	"os"

	"github.com/aws/jsii-runtime-go"
)

// prepareRuntime sets what the CDK's runtime, a process of Node.js, is told by its environment.
// Whoever calls the app may say otherwise.
func prepareRuntime() error {
	for name, value := range map[string]string{
		// Node 20 works, and is what the repository promises to work with.
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
		// The CDK's own check of the templates takes 10 s; `make audit` has it.
		"CDK_VALIDATION": "false",
	} {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	// The runtime was made, though not yet started, with the environment that there was when the
	// CDK's packages were initialised. After this the next one to be asked for is made anew.
	jsii.Close()
	return nil
}

// closeRuntime ends the runtime. Two of its goroutines wait for one process, and whichever comes
// second complains on standard error of what is no fault: that is not passed on.
func closeRuntime() {
	quiet, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		os.Stderr = quiet // main has kept the true one
	}
	jsii.Close()
}
