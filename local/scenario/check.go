package scenario

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// checker collects what is wrong with a file.
type checker struct {
	document yamlfile.Document
	file     File
	settings config.File
	versions []string
	problems []yamlfile.Problem
}

// wrong notes what is wrong with the value of a path.
func (c *checker) wrong(path, format string, args ...any) {
	c.problems = append(c.problems, c.document.Problem(path, format, args...))
}

func (c *checker) fail() error { return c.document.Fail(c.problems) }

// given checks what the other checks need.
func (c *checker) given() {
	f := c.file
	if f.Name == "" {
		c.wrong("name", "is missing; a scenario needs a name without spaces and slashes")
	} else if strings.ContainsAny(f.Name, "/\\ \t\n") || strings.HasPrefix(f.Name, ".") {
		c.wrong("name", "is %q; a scenario needs a name without spaces and slashes", f.Name)
	}
	if f.Settings == "" {
		c.wrong("settings", "is missing; name the service's %s, relative to this file", config.FileName)
	}
	if f.Releases == "" {
		c.wrong("releases", "is missing; name the folder of the service's releases, relative to this file")
		return
	}
	catalog := releases.Catalog{Dir: f.beside(f.Releases)}
	versions, err := catalog.Versions()
	if err != nil || len(versions) == 0 {
		c.wrong("releases", "there are no releases in %s; a release is a folder with a %s", catalog.Dir, releases.Manifest)
	}
	c.versions = versions
}

// start checks what is there at the beginning, which everything else refers to.
func (c *checker) start() {
	if len(c.file.Start) == 0 {
		c.wrong("start", "names no environment; name at least one and the version that it serves, as in {staging: %s}", c.versions[0])
	}
	for name, version := range c.file.Start {
		if _, err := c.settings.Environment(name); err != nil {
			c.wrong("start."+name, "%v", err)
		}
		c.release("start."+name, version)
	}
}

// unpublished checks what is not there at the beginning: what an environment serves must be.
func (c *checker) unpublished() {
	for i, version := range c.file.Unpublished {
		path := fmt.Sprintf("unpublished[%d]", i)
		c.release(path, version)
		for _, name := range c.file.environments() {
			if c.file.Start[name] == version {
				c.wrong(path, "%s is what %s serves at the start, so it is published", version, name)
			}
		}
	}
}

// check checks the rest.
func (c *checker) check() {
	c.unpublished()
	c.actions()
	c.traffic()
	c.approve()
	c.expect()
}

// release reports a version that the service has no release of.
func (c *checker) release(path, version string) {
	c.oneOf(path, version, c.versions)
}

// oneOf reports a value that is none of those wanted.
func (c *checker) oneOf(path, value string, wanted []string) {
	if slices.Contains(wanted, value) {
		return
	}
	if value == "" {
		c.wrong(path, "is missing; give one of %s", strings.Join(wanted, ", "))
		return
	}
	hint := ""
	if near := yamlfile.Nearest(value, wanted); near != "" {
		hint = "; did you mean " + near + "?"
	}
	c.wrong(path, "%q is none of %s%s", value, strings.Join(wanted, ", "), hint)
}

// started reports an environment that is not built.
func (c *checker) started(path, name string) {
	if _, there := c.file.Start[name]; !there {
		c.wrong(path, "environment %q is not started; start names %s", name, strings.Join(c.file.environments(), ", "))
	}
}

func (c *checker) traffic() {
	t := c.file.Traffic
	if !c.document.Has("traffic") {
		return
	}
	c.started("traffic.environment", t.Environment)
	const most = 2000
	if !(t.RatePerSecond > 0 && t.RatePerSecond <= most) {
		c.wrong("traffic.ratePerSecond", "is %v; more than 0 and up to %d is possible", t.RatePerSecond, most)
	}
	if len(t.Requests) == 0 {
		c.wrong("traffic.requests", "is empty; users need at least one request, as in {method: GET, path: /}")
	}
	for i, one := range t.Requests {
		c.request(i, one)
	}
}

func (c *checker) approve() {
	for i, a := range c.file.Approve {
		at := fmt.Sprintf("approve[%d]", i)
		if a.By == "" {
			c.wrong(at+".by", "is missing; name the approver whose mail is opened")
		}
		c.oneOf(at+".decision", a.Decision, []string{approval.Approve, approval.Reject, approval.PutOff})
		if (a.Decision == approval.Reject || a.Decision == approval.PutOff) && a.Reason == "" {
			c.wrong(at+".reason", "is missing; to %s needs one", a.Decision)
		}
		if a.Via != "" {
			c.oneOf(at+".via", a.Via, []string{approval.ByCode, approval.ByIdentity})
		}
		if a.Via == approval.ByIdentity {
			c.identity(at+".by", a.By)
		}
	}
}

// identity refuses a person who has no access key in the world.
func (c *checker) identity(place, mail string) {
	for _, name := range c.file.environments() {
		env, err := c.settings.Environment(name)
		if err != nil {
			continue
		}
		for _, person := range env.People {
			if person.Mail == mail && person.Identity != "" {
				return
			}
		}
	}
	c.wrong(place, "%q is nobody among the people of the settings with an identity; commands are signed", mail)
}

func (c *checker) expect() {
	e := c.file.Expect
	c.oneOf("expect.outcome", e.Outcome, []string{string(deploy.Succeeded), string(deploy.Refused), string(deploy.RolledBack), string(deploy.FailedDirty)})
	if e.Error != "" {
		var classes []string
		for _, class := range fault.Classes() {
			classes = append(classes, string(class))
		}
		c.oneOf("expect.error", e.Error, classes)
	}
	if e.Environment != "" {
		c.started("expect.environment", e.Environment)
	}
	if e.Release != "" {
		c.release("expect.release", e.Release)
	}
	if e.Hold != "" {
		c.oneOf("expect.hold", e.Hold, []string{"set", "none"})
	}
	c.states("expect.states", e.States)
	c.states("expect.never", e.Never)
	for name, bound := range map[string]Bound{
		"failed": e.Failed, "lost": e.Lost, "requests": e.Requests, "secondsToRestore": e.SecondsToRestore,
	} {
		c.bound("expect."+name, bound)
	}
}

// bound reports a range in which nothing lies.
func (c *checker) bound(path string, b Bound) {
	least, most := 0.0, math.Inf(1)
	if b.AtLeast != nil {
		least = *b.AtLeast
	}
	if b.AtMost != nil {
		most = *b.AtMost
	}
	if least < 0 || most < least {
		c.wrong(path, "nothing is at least %v and at most %v", least, most)
	}
}

// describe reads the manifests of the releases that are needed.
func (c *checker) describe() error {
	catalog := releases.Catalog{Service: c.settings.Service, Dir: c.file.beside(c.file.Releases)}
	var problems []error
	for _, version := range c.file.versions() {
		_, err := catalog.Describe(version)
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return fault.New(fault.Invalid, "%w", err)
	}
	return nil
}
