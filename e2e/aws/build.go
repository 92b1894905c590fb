package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build makes the bootstrap binary for this machine, and the stacks' templates, by the CDK app.
// What was built before is kept, so that only what has changed is compiled.
func (w *world) build(ctx context.Context) error {
	say("building the functions' binary")
	code, assembly := filepath.Join(w.dir, "lambda"), filepath.Join(w.dir, "cdk.out")
	err := command(ctx, nil, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-o", w.program(), "./functions/bootstrap")
	if err != nil {
		return err
	}
	say("building the CDK app (the first time takes minutes)")
	app := filepath.Join(w.dir, "infra")
	if err := command(ctx, []string{"GOGC=400"}, "go", "build", "-o", app, "./infra"); err != nil {
		return err
	}
	say("synthesising the stacks")
	if err := os.RemoveAll(assembly); err != nil {
		return err
	}
	settings, err := json.Marshal(map[string]string{"configuration": "e2e/aws/pilotage.yaml", "code": code, "data": "delete"})
	if err != nil {
		return err
	}
	return command(ctx, []string{
		"CDK_OUTDIR=" + assembly, "CDK_CONTEXT_JSON=" + string(settings), "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20", "JSII_DEPRECATED=quiet",
	}, app)
}

// program is the functions' binary.
func (w *world) program() string { return filepath.Join(w.dir, "lambda", "bootstrap") }

func command(ctx context.Context, environ []string, words ...string) error {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(os.Environ(), environ...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, out)
	}
	return nil
}
