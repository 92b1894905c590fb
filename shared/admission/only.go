package admission

import (
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Only is the one scope of an environment of a service, which may be empty where one service has
// that environment. None, and more than one, is fault.Invalid, which says what there is.
func Only(all []deploy.Configured, service, environment string) (deploy.Configured, error) {
	var known, meant []string
	var found deploy.Configured
	for _, one := range all {
		known = append(known, one.Scope.Service+"/"+one.Scope.Environment)
		if one.Scope.Environment == environment && (service == "" || one.Scope.Service == service) {
			meant, found = append(meant, one.Scope.Service+"/"+one.Scope.Environment), one
		}
	}
	switch len(meant) {
	case 1:
		return found, nil
	case 0:
		return deploy.Configured{}, fault.New(fault.Invalid, "%s is not configured; configured are %s", strings.TrimPrefix(service+"/"+environment, "/"), strings.Join(known, ", "))
	}
	return deploy.Configured{}, fault.New(fault.Invalid, "several services have an environment %q (%s); name the service", environment, strings.Join(meant, ", "))
}
