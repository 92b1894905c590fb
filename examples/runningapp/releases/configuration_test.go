package releases_test

import (
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
)

// settings is pilotage.yaml.
type settings struct {
	Service      string                        `json:"service"`
	Repository   string                        `json:"repository"`
	Buildspec    string                        `json:"buildspec"`
	Environments map[string]deploy.Environment `json:"environments"`
}

func configuration(t *testing.T) settings {
	t.Helper()
	var s settings
	strictly(t, "../pilotage.yaml", &s)
	return s
}

func TestConfigurationIsWhatThePipelineReads(t *testing.T) {
	s := configuration(t)
	var m manifest
	strictly(t, "1.0.0/release.yaml", &m)
	if s.Service != m.Service || s.Repository != m.Repository {
		t.Errorf("got %s of %s, want %s of %s as in release.yaml", s.Service, s.Repository, m.Service, m.Repository)
	}
	for _, name := range []string{"staging", "production"} {
		e := s.Environments[name]
		if err := e.Strategy.Steps.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		critical := 0
		for _, test := range e.SmokeTests {
			if test.Critical {
				critical++
			}
		}
		if critical == 0 || critical == len(e.SmokeTests) {
			t.Errorf("%s: %d of %d smoke tests are critical, want some", name, critical, len(e.SmokeTests))
		}
	}
	if got := s.Environments["production"]; got.PromoteFrom != "staging" || !got.Approval.Required {
		t.Errorf("production: got promotion from %q and approval %v, want staging and approval", got.PromoteFrom, got.Approval.Required)
	}
}
