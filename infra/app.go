package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/pilotage/pilotage/infra/pipeline"
)

// build makes the stacks.
func build(app awscdk.App, s settings) error {
	pipeline.New(app, pipeline.Props{
		File: s.File, Code: s.Code, Data: s.Data, RecordLockDays: s.RecordLockDays, Env: s.environment(),
	})
	return nil
}
