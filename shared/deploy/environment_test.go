package deploy_test

import (
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
)

// TestMailOfKnowsAPersonByEveryName: who is not recognised could approve what they asked for.
func TestMailOfKnowsAPersonByEveryName(t *testing.T) {
	env := deploy.Environment{People: []deploy.Person{
		{Mail: "nobody@example.com"},
		{Mail: "anna@example.com", GitHub: "Anna-K", Identity: "arn:aws:iam::111122223333:user/anna"},
	}}
	for name, want := range map[string]string{
		"anna-k": "anna@example.com", "ANNA-K": "anna@example.com", "arn:aws:iam::111122223333:user/anna": "anna@example.com",
		"arn:aws:iam::111122223333:user/ANNA":       "arn:aws:iam::111122223333:user/ANNA",
		"anna@example.com":                          "anna@example.com",
		"Anna Krause <anna@example.com>":            "anna@example.com",
		"anna-k@users.noreply.github.com":           "anna@example.com",
		"1234567+Anna-K@users.noreply.github.com":   "anna@example.com",
		"1234567+anna@users.noreply.github.com":     "1234567+anna@users.noreply.github.com",
		"anna-k@users.noreply.github.com.evil.test": "anna-k@users.noreply.github.com.evil.test",
		"": "", "codepipeline": "codepipeline", "+@users.noreply.github.com": "+@users.noreply.github.com",
	} {
		if got := env.MailOf(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
