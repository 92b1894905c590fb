package world

import (
	"context"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Settings is the configuration of one service, from its pilotage.yaml.
type Settings struct{ File config.File }

// Service is the service's name.
func (s Settings) Service() string { return s.File.Service }

// Environment is the configuration of a scope.
func (s Settings) Environment(_ context.Context, scope deploy.Scope) (deploy.Environment, error) {
	if scope.Service != s.File.Service {
		return deploy.Environment{}, fault.New(fault.Invalid, "there is no service %q here, only %q", scope.Service, s.File.Service)
	}
	return s.File.Environment(scope.Environment)
}

// Targets are the scopes that a push to a branch is deployed to.
func (s Settings) Targets(_ context.Context, repository, branch string) ([]deploy.Scope, error) {
	var scopes []deploy.Scope
	if repository != s.File.Repository {
		return nil, nil
	}
	for name, env := range s.File.Environments {
		if env.Branch != "" && env.Branch == branch {
			scopes = append(scopes, deploy.Scope{Service: s.File.Service, Environment: name, Region: Region})
		}
	}
	slices.SortFunc(scopes, func(a, b deploy.Scope) int { return strings.Compare(a.String(), b.String()) })
	return scopes, nil
}
