package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile"
	"github.com/pilotage/pilotage/statemachine"
)

// actions checks everything that somebody does.
func (c *checker) actions() {
	for _, one := range c.file.actions() {
		c.action(one.place, one.action)
	}
	for i, later := range c.file.Then {
		place := fmt.Sprintf("then[%d]", i)
		if later.Times < 0 {
			c.wrong(place+".times", "is %d; 1 or more is possible", later.Times)
		}
		c.states(place+".after", []string{later.After})
	}
}

func (c *checker) action(place string, action Action) {
	set := 0
	for _, there := range []bool{action.Push != nil, action.Promote != nil, action.Rollback != nil, action.Schedule != nil, action.Stop != nil} {
		if there {
			set++
		}
	}
	switch {
	case set != 1:
		c.wrong(place, "has %d actions; exactly one of push, promote, rollback, schedule and stop is wanted", set)
	case action.Push != nil:
		c.push(place+".push", *action.Push)
	case action.Promote != nil:
		c.promote(place+".promote", *action.Promote)
	case action.Rollback != nil:
		c.rollback(place+".rollback", *action.Rollback)
	case action.Schedule != nil:
		c.schedule(place+".schedule", *action.Schedule)
	default:
		c.oneOf(place+".stop.machine", action.Stop.Machine, []string{world.DeployMachine, world.RollbackMachine})
	}
}

func (c *checker) push(place string, push Push) {
	c.release(place+".release", push.Release)
	var branches []string
	taken := false
	for _, name := range c.file.environments() {
		if env, err := c.settings.Environment(name); err == nil {
			branches = append(branches, env.Branches...)
			taken = taken || env.Takes(push.Branch)
		}
	}
	switch {
	case taken:
	case len(branches) == 0:
		c.wrong(place+".branch", "no environment that is started deploys a branch; start one that does")
	default:
		c.oneOf(place+".branch", push.Branch, branches)
	}
}

func (c *checker) promote(place string, promote Promote) {
	c.identity(place+".by", promote.By)
	c.started(place+".environment", promote.Environment)
	env, err := c.settings.Environment(promote.Environment)
	switch {
	case err != nil:
	case env.PromoteFrom == "":
		c.wrong(place+".environment", "nothing is promoted to %q: it has no promoteFrom in %s", promote.Environment, config.FileName)
	default:
		c.started(place+".environment", env.PromoteFrom)
	}
}

func (c *checker) schedule(place string, schedule Schedule) {
	c.started(place+".environment", schedule.Environment)
	if env, err := c.settings.Environment(schedule.Environment); err == nil && env.Timer.Expression == "" {
		c.wrong(place+".environment", "%q is not deployed to at any time: it has no schedule in %s", schedule.Environment, config.FileName)
	}
}

func (c *checker) rollback(place string, rollback Rollback) {
	c.identity(place+".by", rollback.By)
	c.started(place+".environment", rollback.Environment)
	c.oneOf(place+".mode", rollback.Mode, []string{string(deploy.Standard), string(deploy.Emergency)})
	if rollback.Schema != "" {
		c.oneOf(place+".schema", rollback.Schema, []string{deploy.SchemaKeep, deploy.SchemaDown, deploy.SchemaRestore})
	}
}

// request checks one kind of request that users make.
func (c *checker) request(i int, request Request) {
	place := fmt.Sprintf("traffic.requests[%d]", i)
	if !strings.HasPrefix(request.Path, "/") {
		c.wrong(place+".path", "is %q; a path begins with a slash", request.Path)
	} else if _, err := http.NewRequest(request.Method, "http://localhost"+request.Path, http.NoBody); err != nil { //nolint:noctx // it is not sent
		c.wrong(place, "%v", err)
	}
	if request.Share < 0 {
		c.wrong(place+".share", "is %d; 1 or more is possible", request.Share)
	}
}

// states reports names that no state of the two machines has.
func (c *checker) states(place string, names []string) {
	known := map[string]json.RawMessage{}
	for _, definition := range [][]byte{statemachine.Deploy(), statemachine.Rollback()} {
		var machine struct{ States map[string]json.RawMessage }
		// The definitions are ours, and linted.
		_ = json.Unmarshal(definition, &machine)
		maps.Copy(known, machine.States)
	}
	for i, name := range names {
		path := place
		if c.document.Has(fmt.Sprintf("%s[%d]", place, i)) {
			path = fmt.Sprintf("%s[%d]", place, i)
		}
		if _, there := known[name]; there {
			continue
		}
		if name == "" {
			c.wrong(path, "is missing; name a state, as in Observe")
			continue
		}
		hint := "docs/stages.md lists the states of both machines"
		if near := yamlfile.Nearest(name, slices.Sorted(maps.Keys(known))); near != "" {
			hint = "did you mean " + near + "?"
		}
		c.wrong(path, "no state is called %q; %s", name, hint)
	}
}
