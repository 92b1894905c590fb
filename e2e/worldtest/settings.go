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

	all, err := s.World.Settings.All(t.Context())
	must(t, err)
	var taking []deploy.Scope
	for _, one := range all {
		if one.Repository == s.Repository && one.Environment.Takes(s.Branch) {
			taking = append(taking, one.Scope)
		}
		if one.Scope == s.Scope && one.Environment.Database.Instance != env.Database.Instance {
			t.Errorf("all of them say %q of the database of %s, want %q", one.Environment.Database.Instance, s.Scope, env.Database.Instance)
		}
	}
	if !slices.Equal(taking, []deploy.Scope{s.Scope}) {
		t.Errorf("%v take a push to %s of %s, want %s only", taking, s.Branch, s.Repository, s.Scope)
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
