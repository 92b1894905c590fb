package pipelinejob

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func TestParseReadsWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]parameters{
		`{"environment": "staging"}`: {Environment: "staging"},
		`{"environment": "staging", "service": "shop", "commit": "` + strings.ToUpper(commit) + `", "reason": "OPS-1"}`: {"staging", "shop", commit, "OPS-1"},
		`{"environment": "staging", "reason": "\n Greet\u202e in Polish\u0007\nand more"}`:                              {Environment: "staging", Reason: "Greet in Polish"},
		`{"environment": "staging", "reason": "` + strings.Repeat("é", 300) + `"}`:                                      {Environment: "staging", Reason: strings.Repeat("é", 199) + "…"},
	} {
		if got, err := parse(text); err != nil || got != want {
			t.Errorf("%s: got %+v and error %v, want %+v", text, got, err, want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, says := range map[string]string{
		"":                                       "no UserParameters",
		"  ":                                     "no UserParameters",
		"staging":                                `{"environment": "staging"}`,
		"null":                                   `environment ""`,
		"[]":                                     `{"environment": "staging"}`,
		"{}":                                     `environment ""`,
		`{"environment": ["x"]}`:                 `"environment"`,
		`{"environmnt": "staging"}`:              `"environmnt"`,
		`{"environment": "staging"}{`:            "more after its end",
		`{"environment": "Staging"}`:             `"Staging"`,
		`{"environment": "../x"}`:                `"../x"`,
		`{"environment": "s", "service": "a b"}`: `"a b"`,
		`{"environment": "s", "commit": "main"}`: "40 hex digits",
		`{"environment": "s", "commit": "#{SourceVariables.CommitId}"}`: "40 hex digits",
		`{"environment": "` + strings.Repeat("s", 4096) + `"}`:          "more than 4096",
	} {
		got, err := parse(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: got %+v and error %v, want one of class Invalid that says %s", text, got, err, says)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"environment": "staging", "service": "shop", "commit": "` + commit + `", "reason": "OPS-1"}`)
	f.Add(`{"environment": "staging", "reason": "\u202e\n"}`)
	f.Add(`{"environment": 1}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || got != (parameters{}) || len(err.Error()) > 3*maxParameters {
				t.Fatalf("got %+v and error %v, want nothing and one of class Invalid", got, err)
			}
			return
		}
		if got.Environment == "" || len(got.Environment) > 40 || len(got.Service) > 40 || got.Commit != "" && !deploy.IsCommit(got.Commit) {
			t.Fatalf("admitted %+v", got)
		}
		if utf8.RuneCountInString(got.Reason) > maxReason || strings.ContainsFunc(got.Reason, unicode.IsControl) || !utf8.ValidString(got.Reason) {
			t.Fatalf("admitted the reason %q", got.Reason)
		}
	})
}
