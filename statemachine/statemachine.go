// Package statemachine holds the pipeline as Step Functions runs it: two definitions in the
// Amazon States Language, one that deploys and one that takes back. It hands them out, fills
// their substitutions and lints them. It knows the domain but no handler: the functions that the
// definitions name are given to Lint by whoever has them.
package statemachine

import _ "embed"

//go:embed deploy.asl.json
var deployDefinition string

//go:embed rollback.asl.json
var rollbackDefinition string

// The substitutions that are no functions.
const (
	// RollbackStateMachine is the ARN, or the local name, of the machine that Rollback defines.
	RollbackStateMachine = "RollbackStateMachine"
	// BuildProject is the name of the project of CodeBuild that builds and publishes a commit.
	BuildProject = "BuildProject"
)

// Deploy is the definition of the machine that moves a service to a new version, substitutions
// open. The caller owns the bytes.
func Deploy() []byte { return []byte(deployDefinition) }

// Rollback is the definition of the machine that takes a service back, substitutions open. The
// caller owns the bytes.
func Rollback() []byte { return []byte(rollbackDefinition) }
