package form_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		form form.Form
		good []string
		bad  []string
	}{
		{form.Any, []string{"", "x\ny"}, nil},
		{form.Name, []string{"ab", "running-app", "a2" + strings.Repeat("b", 29)}, []string{"", "a", "A1", "1a", "a_b", "a2" + strings.Repeat("b", 30), "ab\n"}},
		{form.Slug, []string{"tests", "unit-tests", "a.b_c"}, []string{"", "Tests", "a b", "-a", "a--b", "a-"}},
		{form.Title, []string{"x", "let a run name the shoe", strings.Repeat("é", 200)}, []string{"", "  ", "a\nb", strings.Repeat("x", 201)}},
		{form.URL, []string{"https://a.example.com/b", "http://localhost:80", "http://[::1]"}, []string{"", "a", "http://a.example.com", "https://", "https://a?b", "https://a#b", "https://u@a"}},
		{form.Mail, []string{"a@example.com"}, []string{"", "a", "A <a@example.com>", "a@example.com, b@example.com", strings.Repeat("a", 250) + "@example.com"}},
		{form.Path, []string{"/", "/runs?limit=5"}, []string{"", "runs", "/a b", "/é"}},
		{form.Branch, []string{"main", "release/1.2"}, []string{"", "-x", "a b", "refs~1"}},
		{form.Repository, []string{"pilotage/running-app", "a/b.c_d"}, []string{"", "a", "a/b/c", "a b/c"}},
		{form.Region, []string{"eu-central-1", "us-gov-west-1", "local"}, []string{"", "Frankfurt", "eu-central", "eu-central-1a"}},
		{form.Instance, []string{"running-app-staging", strings.Repeat("a", 63)}, []string{"", "1a", "a--b", "a-", "A", strings.Repeat("a", 64), strings.Repeat("a-", 40) + "a"}},
		{form.Time, []string{"2026-12-24T00:00:00Z", "2026-12-24T00:00:00.5+01:00"}, []string{"", "2026-12-24", "2026-13-24T00:00:00Z", "2026-12-24T00:00:00"}},
		{form.Commit, []string{strings.Repeat("0a", 20)}, []string{"", "0a", strings.Repeat("0A", 20), strings.Repeat("0g", 20)}},
		{form.Version, []string{"1.2.0", "1.2.0-rc.1+x"}, []string{"", "../1", "a b", ".1", strings.Repeat("0a", 20)}},
		{form.File, []string{"buildspec.yml", "ci/build_spec-2.yaml"}, []string{"", "/a", "../a", "a/../b", "a/", "a//b", ".hidden", "a b", `a\b`}},
		{form.Folder, []string{"migrations", "migrations/", "db/migrations"}, []string{"", ".", "./", "..", "a/../..", "/a", `a\b`}},
	}
	for _, test := range tests {
		for _, text := range test.good {
			if got := test.form.Check(text); got != "" {
				t.Errorf("%s: %s", test.form, got)
			}
		}
		for _, text := range test.bad {
			if test.form.Check(text) == "" {
				t.Errorf("%s takes %q", test.form, text)
			}
		}
	}
}

func TestPatternsTakeWhatCheckTakes(t *testing.T) {
	for _, one := range []struct {
		form form.Form
		text string
	}{
		{form.Name, "running-app"},
		{form.Slug, "tests"},
		{form.Path, "/"},
		{form.Branch, "main"},
		{form.Repository, "a/b"},
		{form.Region, "eu-central-1"},
		{form.Instance, "a"},
		{form.Commit, strings.Repeat("0", 40)},
		{form.Version, "1"},
	} {
		pattern, err := regexp.Compile(one.form.Pattern())
		if err != nil || one.form.Pattern() == "" || !pattern.MatchString(one.text) || one.form.Check(one.text) != "" {
			t.Errorf("%s: %q and %q do not fit (%v)", one.form, one.form.Pattern(), one.text, err)
		}
	}
}
