package manifest

import (
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// check finds everything that is wrong with the values of a manifest.
func check(document yamlfile.Document, m Manifest, given Given) []yamlfile.Problem {
	c := checker{document: document}
	c.text("service", form.Name, m.Service)
	c.text("repository", form.Repository, m.Repository)
	// At most 39 characters: a version that could be a commit would name two releases.
	c.text("version", form.Version, m.Version)
	if given.Commit == "" || document.Has("commit") {
		c.text("commit", form.Commit, m.Commit)
	}
	if given.Commit != "" && document.Has("commit") && m.Commit != given.Commit {
		c.refuse("commit", "is %q, and what was built is %q; leave it out, for it is known when the release is published", m.Commit, given.Commit)
	}
	if given.Author == "" || document.Has("author") {
		c.text("author", form.Mail, m.Author)
	}
	if !given.Built || document.Has("build") {
		c.command(m.Build.Command)
	}
	c.text("migrations", form.Folder, m.Migrations)
	if c.given("requiresSchema") && m.RequiresSchema < 0 {
		c.refuse("requiresSchema", "is %d; it must be 0 or more", m.RequiresSchema)
	}
	c.text("configSchema", form.Title, m.ConfigSchema)
	if len(given.Evidence) == 0 || document.Has("evidence") {
		c.evidence(m.Evidence)
	}
	c.changes(m.Changes)
	return c.problems
}

// checker collects problems.
type checker struct {
	document yamlfile.Document
	problems []yamlfile.Problem
}

// refuse notes what is wrong with the value of a path.
func (c *checker) refuse(path, format string, args ...any) {
	c.problems = append(c.problems, c.document.Problem(path, format, args...))
}

// given reports whether a field is there, and notes it when not.
func (c *checker) given(path string) bool {
	if c.document.Has(path) {
		return true
	}
	c.refuse(path, "missing; give it")
	return false
}

// text checks a field that must be there.
func (c *checker) text(path string, want form.Form, text string) {
	if !c.document.Has(path) {
		c.refuse(path, "missing; give %s", want.Words())
		return
	}
	if wrong := want.Check(text); wrong != "" {
		c.refuse(path, "%s", wrong)
	}
}

// command checks that there is something to run, and that it knows where its result goes.
func (c *checker) command(words []string) {
	const path = "build.command"
	if !c.given(path) {
		return
	}
	if len(words) == 0 || strings.TrimSpace(words[0]) == "" {
		c.refuse(path, "names no program; for example [go, build, -o, $OUT, ./cmd/service]")
		return
	}
	if !strings.Contains(strings.Join(words[1:], " "), "$OUT") {
		c.refuse(path, "has no $OUT, which stands for the file to write; for example [go, build, -o, $OUT, ./cmd/service]")
	}
}

// evidence checks each statement, and that a check is named once: of two, neither could be
// believed.
func (c *checker) evidence(evidence []deploy.Evidence) {
	c.given("evidence")
	first := map[string]int{}
	for i, e := range evidence {
		path := fmt.Sprintf("evidence[%d]", i)
		c.text(path+".check", form.Slug, e.Check)
		c.text(path+".by", form.Title, e.By)
		c.text(path+".at", form.Time, e.At)
		before, twice := first[e.Check]
		if twice && e.Check != "" {
			c.refuse(path+".check", "%q is that of evidence[%d] too; keep one", e.Check, before)
			continue
		}
		first[e.Check] = i
	}
}

// changes checks each commit; a change without one, or without an author, may be listed.
func (c *checker) changes(changes []deploy.Change) {
	for i, change := range changes {
		path := fmt.Sprintf("changes[%d]", i)
		c.text(path+".subject", form.Title, change.Subject)
		if c.document.Has(path + ".commit") {
			c.text(path+".commit", form.Commit, change.Commit)
		}
		if c.document.Has(path + ".author") {
			c.text(path+".author", form.Mail, change.Author)
		}
	}
}
