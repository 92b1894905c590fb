// Package faults is what is wrong with the bad releases of running-app, so that a pipeline can be
// watched catching them. Each is the kind of defect that passes tests and reviews: it shows under
// the traffic of users only, or on the machine where it is deployed only.
package faults

import (
	"net/http"
	"strings"
)

// fromUser reports a request that neither the pipeline made (smoke tests and probes have an
// X-Pilotage header) nor a health check.
func fromUser(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/health/") {
		return false
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Pilotage-") {
			return false
		}
	}
	return true
}
