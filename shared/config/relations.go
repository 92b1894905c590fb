package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/freeze"
	"github.com/pilotage/pilotage/shared/signal"
	"github.com/pilotage/pilotage/shared/yamlfile"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// relations are the rules that more than one field takes part in, for the reference. What
// follows checks them, in this order.
func relations() []string {
	return []string{
		"Weights of `strategy.steps` rise from step to step, and the last is 100.",
		"A blue-green strategy has one step, of 100. A canary has at least one step before it.",
		fmt.Sprintf("All bakes of a strategy together take less than `timeoutSeconds`. Each that is not 0 counts as what its source may need where that is longer, %d seconds with `balancer` and %d with `application`; with `whenInconclusive: extend`, as itself and its extension where that is longer still.",
			least(deploy.SourceBalancer), least(deploy.SourceApplication)),
		"With `whenInconclusive: extend`, `extendSeconds` is more than 0.",
		fmt.Sprintf("A step that bakes at all bakes, with its extension, until `analysis.source` can tell what happened: `bakeSeconds` and `extendSeconds` are together at least %d with `balancer`, and %d with `application`.",
			least(deploy.SourceBalancer), least(deploy.SourceApplication)),
		"Names of smoke tests differ, and at least one test is critical: an emergency rollback runs only those.",
		"Approvers are named wherever approval is asked for; no check, approver or recipient is listed twice.",
		"A quorum is not more than there are people to ask, nor a group's more than it has members; names of groups differ.",
		"`approval.remindSeconds` is less than `approval.expiresSeconds`.",
		"An environment with `promoteFrom` has no `branches`: a push is no promotion. One with a `schedule` has `promoteFrom`, or a branch without `*`.",
		"Nobody is among `people` twice, under none of their names; whoever may `force` is among them, with an `identity`.",
		"A freeze ends after it begins. The first window of one that repeats is a window of its rule, and is written with the offset that its `timezone` has then.",
		"A rule of a freeze has no part that RFC 5545 does not know or combine so: COUNT is 1 to 1000, INTERVAL 1 to 1000, UNTIL is in UTC, at most 24 windows begin in a day. Its windows leave a gap within a year.",
		"`promoteFrom` names another environment of the file, and environments do not promote from each other in a circle.",
	}
}

// file checks the fields that have to fit each other.
func (c *checker) file(file File) {
	for _, name := range file.Names() {
		path, e := "environments."+name, file.Environments[name]
		if !c.document.Has(path) {
			continue
		}
		c.steps(path+".strategy", e.Strategy)
		c.bakes(path, e)
		if e.Analysis.WhenInconclusive == deploy.InconclusiveExtend && e.Analysis.ExtendSeconds == 0 {
			c.refuse(path+".analysis.extendSeconds", "is 0, so that nothing can be extended; give more, or set whenInconclusive to %s or %s",
				deploy.InconclusiveProceed, deploy.InconclusiveFail)
		}
		c.measurable(path, e)
		c.smokeTests(path+".smokeTests", e.SmokeTests)
		c.approval(path, e)
		c.quorums(path+".approval", e.Approval)
		c.sources(path, e)
		c.people(path, e)
		c.unique(path+".evidence", e.Evidence)
		c.unique(path+".approval.approvers", e.Approval.Approvers)
		c.unique(path+".notify.team", e.Notify.Team)
		c.unique(path+".notify.onCall", e.Notify.OnCall)
		c.freezes(path+".freezes", e.Freezes)
		c.promotion(path, name, file)
	}
}

// steps checks a schedule, and that it fits the kind of strategy.
func (c *checker) steps(path string, s deploy.Strategy) {
	last := deploy.Weight(0)
	for i, step := range s.Steps {
		at := fmt.Sprintf("%s.steps[%d].weight", path, i)
		if i > 0 && step.Weight <= last {
			c.refuse(at, "is %d after %d; weights must rise", step.Weight, last)
		}
		last = step.Weight
		if i == len(s.Steps)-1 && step.Weight != 100 {
			c.refuse(at, "is %d, and the last; the last step must have weight 100", step.Weight)
		}
	}
	switch {
	case s.Kind == "blue-green" && len(s.Steps) > 1:
		c.refuse(path+".steps", "has %d steps; blue-green has one, of weight 100; for more, set kind to canary", len(s.Steps))
	case s.Kind == "canary" && len(s.Steps) == 1:
		c.refuse(path+".steps", "has one step; a canary needs one of less than 100 before it; for a single one, set kind to blue-green")
	}
}

// bakes checks that a deployment can end in time when nothing goes wrong, though counts come as late
// as they may, and bakes are extended.
func (c *checker) bakes(path string, e deploy.Environment) {
	baked, longest := 0, 0
	for _, step := range e.Strategy.Steps {
		baked += step.BakeSeconds
		longest += int(signal.Bake(step, e.Analysis) / time.Second)
	}
	source := e.Analysis.Source
	switch {
	case baked >= e.TimeoutSeconds:
		c.refuse(path+".timeoutSeconds", "is %d, but the steps bake for %d seconds together; give more, or bake less",
			e.TimeoutSeconds, baked)
	case longest < e.TimeoutSeconds || !counts(source):
	case e.Analysis.WhenInconclusive == deploy.InconclusiveExtend:
		c.refuse(path+".timeoutSeconds", "is %d, but the steps bake for %d seconds together and may be extended by %d; give more, or set analysis.extendSeconds lower",
			e.TimeoutSeconds, baked, longest-baked)
	default:
		c.refuse(path+".timeoutSeconds", "is %d, but the steps bake for up to %d seconds together: each goes on until the %s has counted, which may take %d; give more, or take fewer steps%s",
			e.TimeoutSeconds, longest, source, least(source), faster(source))
	}
}

// counts reports whether a source is one, which is checked elsewhere.
func counts(source string) bool {
	return source == deploy.SourceBalancer || source == deploy.SourceApplication
}

// faster says which source asks less of bakes than this one, if there is one.
func faster(source string) string {
	if source != deploy.SourceBalancer {
		return ""
	}
	return fmt.Sprintf(", or set analysis.source to %s where the service counts itself (%d)", deploy.SourceApplication, least(deploy.SourceApplication))
}

// least is how many seconds a step bakes at least, extensions included, to be measured.
func least(source string) int { return int(signal.PaceOf(source).Least() / time.Second) }

// measurable checks that each bake lasts until its source can tell what happened. A bake that was not
// measured is extended whatever whenInconclusive says, and then taken back: one that is too short
// would take back every release.
func (c *checker) measurable(path string, e deploy.Environment) {
	source, extension := e.Analysis.Source, e.Analysis.ExtendSeconds
	if !counts(source) {
		return
	}
	pace := signal.PaceOf(source)
	for i, step := range e.Strategy.Steps {
		lacking := least(source) - step.BakeSeconds - extension
		if step.BakeSeconds == 0 || lacking <= 0 {
			continue
		}
		c.refuse(fmt.Sprintf("%s.strategy.steps[%d].bakeSeconds", path, i),
			"is %d, with an extension of %d, but a step bakes at least %d seconds to be measured by the %s, which counts by %d seconds and comes up to %d late; give %d more here or to analysis.extendSeconds%s",
			step.BakeSeconds, extension, least(source), source, int(pace.Span.Seconds()), int(pace.Late.Seconds()), lacking, faster(source))
	}
}

// smokeTests checks names, and that an emergency rollback has something to run.
func (c *checker) smokeTests(path string, tests []deploy.SmokeTest) {
	first, critical := map[string]int{}, 0
	for i, test := range tests {
		if test.Critical {
			critical++
		}
		if before, twice := first[test.Name]; twice {
			c.refuse(fmt.Sprintf("%s[%d].name", path, i), "%q is the name of smokeTests[%d] too; names differ", test.Name, before)
			continue
		}
		first[test.Name] = i
	}
	if len(tests) > 0 && critical == 0 {
		c.refuse(path, "none is critical, and an emergency rollback runs only those; set critical: true on at least one")
	}
}

// approval checks that there is somebody to ask.
func (c *checker) approval(path string, e deploy.Environment) {
	if !approves(e) || len(e.Approval.Everybody()) > 0 {
		return
	}
	asks := "approval.required"
	if !e.Approval.Required {
		asks = "rollback.approvalRequired"
	}
	c.refuse(path+".approval.approvers", "nobody is named, but %s is true; list mail addresses", asks)
}

// quorums checks that a vote can be won, and that people are reminded before its end.
func (c *checker) quorums(path string, a deploy.Approval) {
	if people := len(a.Everybody()); a.Quorum > people {
		c.refuse(path+".quorum", "is %d, but only %d can be asked; name more, or lower it", a.Quorum, people)
	}
	names := map[string]bool{}
	for i, group := range a.Groups {
		at := fmt.Sprintf("%s.groups[%d]", path, i)
		if group.Quorum > len(group.Members) {
			c.refuse(at+".quorum", "is %d, but the group has %d members; name more, or lower it", group.Quorum, len(group.Members))
		}
		if names[group.Name] {
			c.refuse(at+".name", "%q is the name of another group too; names differ", group.Name)
		}
		names[group.Name] = true
		c.unique(at+".members", group.Members)
	}
	if c.document.Has(path+".remindSeconds") && a.ExpiresSeconds > 0 && a.RemindSeconds >= a.ExpiresSeconds {
		c.refuse(path+".remindSeconds", "is %d, and everything is over after %d; remind earlier, or let people decide longer", a.RemindSeconds, a.ExpiresSeconds)
	}
}

// sources checks that what begins by itself can be deployed.
func (c *checker) sources(path string, e deploy.Environment) {
	if e.PromoteFrom != "" && len(e.Branches) > 0 {
		c.refuse(path+".branches", "pushes cannot be deployed here: promoteFrom takes only what %q has verified; remove one of the two", e.PromoteFrom)
	}
	plain := func(branch string) bool { return !strings.ContainsAny(branch, "*?[") }
	if e.Timer.Expression != "" && e.PromoteFrom == "" && !slices.ContainsFunc(e.Branches, plain) {
		c.refuse(path+".schedule", "there is nothing to deploy at that time; name a branch without \"*\", or promoteFrom")
	}
	c.unique(path+".branches", e.Branches)
}

// people checks that every name is one person's, and that force can be asked for by who may.
func (c *checker) people(path string, e deploy.Environment) {
	seen := map[string]string{}
	for i, person := range e.People {
		for _, name := range []struct{ field, value string }{{"mail", person.Mail}, {"github", person.GitHub}, {"identity", person.Identity}} {
			key := name.field + " " + strings.ToLower(name.value)
			at := fmt.Sprintf("%s.people[%d]", path, i)
			if first, twice := seen[key]; twice && name.value != "" {
				c.refuse(at+"."+name.field, "%q is that of %s too; a name is one person's", name.value, first)
			}
			seen[key] = at
		}
	}
	for i, address := range e.Force {
		known := slices.IndexFunc(e.People, func(p deploy.Person) bool { return strings.EqualFold(p.Mail, address) })
		if known < 0 || e.People[known].Identity == "" {
			c.refuse(fmt.Sprintf("%s.force[%d]", path, i), "%q has no identity in people, by which AWS would know who forces", address)
		}
	}
	c.unique(path+".force", e.Force)
}

// unique checks that nothing is listed twice; mail addresses differ by more than their case.
func (c *checker) unique(path string, items []string) {
	for i, item := range items {
		same := func(other string) bool { return strings.EqualFold(other, item) }
		if first := slices.IndexFunc(items[:i], same); first >= 0 {
			c.refuse(fmt.Sprintf("%s[%d]", path, i), "%q is listed twice; remove one", item)
		}
	}
}

// freezes checks that each window is one: that it ends after it begins, and that its rule leaves time
// to deploy. Values that have no right form were reported before.
func (c *checker) freezes(path string, freezes []deploy.Freeze) {
	for i, f := range freezes {
		formed := form.Time.Check(f.From)+form.Time.Check(f.Until) == "" &&
			(f.Timezone == "" || form.Timezone.Check(f.Timezone) == "") && (f.Repeats == "" || form.Recurrence.Check(f.Repeats) == "")
		_, err := freeze.Parse(f)
		var wrong *freeze.Error
		if formed && errors.As(err, &wrong) {
			c.refuse(fmt.Sprintf("%s[%d].%s", path, i, wrong.Field), "%s", wrong.Message)
		}
	}
}

// promotion checks that releases come from somewhere, and not from themselves.
func (c *checker) promotion(path, name string, file File) {
	from := file.Environments[name].PromoteFrom
	if from == "" {
		return
	}
	at := path + ".promoteFrom"
	if _, known := file.Environments[from]; !known {
		hint := "those that exist are " + strings.Join(file.Names(), ", ")
		if near := yamlfile.Nearest(from, file.Names()); near != "" && near != name {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		c.refuse(at, "there is no environment %q; %s", from, hint)
		return
	}
	chain := []string{name}
	for from != "" && len(chain) <= len(file.Environments) {
		chain = append(chain, from)
		if from == name {
			c.refuse(at, "goes round in a circle, %s; one environment must come first", strings.Join(chain, " ← "))
			return
		}
		from = file.Environments[from].PromoteFrom
	}
}
