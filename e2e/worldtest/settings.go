package worldtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Settings tests functions.Settings.
func Settings(t *testing.T, s Subject) {
	env := s.environment(t)
	if env.Database.Instance == "" || env.Health.Path == "" || len(env.Strategy.Steps) == 0 {
		t.Errorf("the environment lacks something: %+v", env)
	}
	_, err := s.World.Settings.Environment(t.Context(), s.unknown())
	refused(t, "an unknown environment", err, fault.Invalid)
	if err != nil && !strings.Contains(err.Error(), s.Scope.Environment) {
		t.Errorf("an unknown environment: %q does not list those that exist", err)
	}
	other := s.Scope
	other.Service = "no-such-service"
	_, err = s.World.Settings.Environment(t.Context(), other)
	refused(t, "an unknown service", err, fault.Invalid)

	for _, test := range []struct {
		repository, branch string
		want               []deploy.Scope
	}{
		{s.Repository, s.Branch, []deploy.Scope{s.Scope}},
		{s.Repository, "no-such-branch", nil},
		{s.Repository, "", nil},
		{"nobody/nothing", s.Branch, nil},
	} {
		got, err := s.World.Settings.Targets(t.Context(), test.repository, test.branch)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("targets of %s %q: got %v and error %v, want %v", test.repository, test.branch, got, err, test.want)
		}
	}
}

// Secrets tests webhook.Secrets.
func Secrets(t *testing.T, s Subject) {
	secrets, err := s.World.Secrets.WebhookSecrets(t.Context())
	must(t, err)
	if len(secrets) == 0 || len(secrets) > 2 {
		t.Errorf("got %d secrets, want one, or two while one is rotated", len(secrets))
	}
	for _, secret := range secrets {
		if len(secret) < 16 {
			t.Errorf("a secret has %d bytes, want 16 or more", len(secret))
		}
	}
}
