package pipelinejob

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/strict"
)

// parameters is what an action asks for, in its UserParameters.
type parameters struct {
	Environment string `json:"environment"`
	// Service is needed only where several have that environment.
	Service string `json:"service"`
	// Commit is the commit whose release is deployed; empty for that of the action's input.
	Commit string `json:"commit"`
	// Reason is why; empty names the action.
	Reason string `json:"reason"`
}

// The bounds of what is read and kept. CodePipeline itself allows 1,000 characters.
const (
	maxParameters = 4096
	maxReason     = 200
)

// parse reads UserParameters. What is wrong with them is fault.Invalid, and says what would be right.
func parse(text string) (parameters, error) {
	const want = `UserParameters are a JSON object such as {"environment": "staging"}`
	if strings.TrimSpace(text) == "" {
		return parameters{}, fault.New(fault.Invalid, "the action has no UserParameters; %s", want)
	}
	if len(text) > maxParameters {
		return parameters{}, fault.New(fault.Invalid, "UserParameters have %d bytes, more than %d; %s", len(text), maxParameters, want)
	}
	var asked parameters
	if err := strict.Decode(json.RawMessage(text), &asked); err != nil {
		return parameters{}, fault.New(fault.Invalid, "%s with the fields environment, service, commit and reason: %w", want, err)
	}
	asked.Commit, asked.Reason = strings.ToLower(asked.Commit), line(asked.Reason)
	name := regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	switch {
	case !name.MatchString(asked.Environment):
		return parameters{}, fault.New(fault.Invalid, "UserParameters have the environment %.60q; name one of pilotage.yaml", asked.Environment)
	case asked.Service != "" && !name.MatchString(asked.Service):
		return parameters{}, fault.New(fault.Invalid, "UserParameters have the service %.60q; name one of pilotage.yaml, or leave it out", asked.Service)
	case asked.Commit != "" && !deploy.IsCommit(asked.Commit):
		return parameters{}, fault.New(fault.Invalid, "UserParameters have the commit %.60q; give its 40 hex digits, such as \"#{SourceVariables.CommitId}\" with the namespace of your source action", asked.Commit)
	}
	return asked, nil
}

// line is text in one line of at most maxReason characters that can be shown.
func line(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > maxReason {
		return string(runes[:maxReason-1]) + "…"
	}
	return text
}
