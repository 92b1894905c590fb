package world

import (
	"context"

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

// All is every scope of the service, in order of the alphabet.
func (s Settings) All(context.Context) ([]deploy.Configured, error) {
	var all []deploy.Configured
	for _, name := range s.File.Names() {
		all = append(all, deploy.Configured{
			Scope:      deploy.Scope{Service: s.File.Service, Environment: name, Region: Region},
			Repository: s.File.Repository, Environment: s.File.Environments[name],
		})
	}
	return all, nil
}
