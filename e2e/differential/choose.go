package differential

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Choice is the plans to replay, and what is not replayed.
type Choice struct {
	// Plans have traces without the executions that are not replayed.
	Plans []Recorded
	// Omitted says what is left out, and why: for each reason the plans or executions.
	Omitted map[string][]string
	// Repeated counts the executions that are the same, names aside, as one of another plan:
	// they are replayed once.
	Repeated int
}

// The choices of plans beside a regular expression for their names.
const (
	// Few is the plans that together take every transition that any plan takes, and let each
	// shape of state fail in every way in which it can. Where a catcher leads to is a name in the
	// definition: states of one shape stand for each other there.
	Few = ""
	// All is every plan.
	All = "all"
)

// maxStates bounds what is replayed. Only the watchdog's wait for the lease of a dead holder is
// longer: half an hour of asking for the lock.
const maxStates = 200

// Choose takes the plans that the emulation can run, and of these Few, All, or those whose name
// matches a regular expression.
func Choose(plans []Recorded, which string) (Choice, error) {
	found, err := states()
	if err != nil {
		return Choice{}, err
	}
	choice := Choice{Omitted: map[string][]string{}}
	var able []Recorded
	for _, recorded := range plans {
		if integration := lacking(found, recorded.Trace); integration != "" {
			choice.omit("plans come to "+integration+", which the emulation has not", recorded.Plan.Name)
			continue
		}
		if recorded.Trace = choice.short(recorded); len(recorded.Trace) > 0 {
			able = append(able, recorded)
		}
	}
	switch which {
	case All:
		choice.Plans = able
	case Few:
		choice.cover(able, found)
	default:
		names, err := regexp.Compile(which)
		if err != nil {
			return Choice{}, fmt.Errorf("choose plans by name: %w", err)
		}
		choice.Plans = slices.DeleteFunc(able, func(r Recorded) bool { return !names.MatchString(r.Plan.Name) })
	}
	choice.merge()
	return choice, nil
}

func (c *Choice) omit(reason, what string) { c.Omitted[reason] = append(c.Omitted[reason], what) }

// lacking is an integration that an execution came to and that the emulation has not.
func lacking(found map[Spot]state, trace Trace) string {
	for _, execution := range trace {
		for _, name := range execution.Path {
			if integration := found[Spot{execution.Machine, name}].absent(); integration != "" {
				return integration
			}
		}
	}
	return ""
}

// short is a trace without what takes too long to replay.
func (c *Choice) short(recorded Recorded) Trace {
	var left Trace
	for _, tree := range recorded.Trace.trees() {
		if tree.size() > maxStates {
			c.omit(fmt.Sprintf("executions have more than %d states: the watchdog waits half an hour for the lease of a dead holder", maxStates), tree[0].Key.String()+" of "+recorded.Plan.Name)
			continue
		}
		left = append(left, tree...)
	}
	return left
}

// cover chooses the plans that are always run, and then again and again the one that brings most
// that is new for what it costs, until nothing is new.
func (c *Choice) cover(plans []Recorded, found map[Spot]state) {
	seen, told := map[string]bool{}, map[string]bool{}
	take := func(r Recorded) {
		c.Plans = append(c.Plans, r)
		for _, feature := range features(r, found) {
			seen[feature] = true
		}
		for _, tree := range r.Trace.trees() {
			told[fingerprint(r.Plan.ID, tree)] = true
		}
	}
	var left []offer
	for _, r := range plans {
		if r.Plan.Always {
			take(r)
			continue
		}
		left = append(left, newOffer(r, found))
	}
	for len(left) > 0 {
		best, worth := -1, 0.0
		for i, o := range left {
			if w := o.worth(seen, told); w > worth {
				best, worth = i, w
			}
		}
		if best < 0 {
			break
		}
		take(left[best].Recorded)
		left = slices.Delete(left, best, best+1)
	}
	for _, o := range left {
		c.omit("plans take no way and fail in no way that the others do not; PLANS=all runs them", o.Plan.Name)
	}
	slices.SortFunc(c.Plans, func(a, b Recorded) int { return strings.Compare(a.Plan.ID, b.Plan.ID) })
}

// offer is a plan that may be chosen.
type offer struct {
	Recorded
	features []string
	trees    map[string]int // by fingerprint, what it costs to replay
}

func newOffer(r Recorded, found map[Spot]state) offer {
	o := offer{r, features(r, found), map[string]int{}}
	for _, tree := range r.Trace.trees() {
		// Starting and asking cost about as much as ten states.
		o.trees[fingerprint(r.Plan.ID, tree)] = tree.size() + 10*len(tree)
	}
	return o
}

// worth is how much is new in the plan, by what it costs.
func (o offer) worth(seen, told map[string]bool) float64 {
	fresh, cost := 0, 1
	for _, feature := range o.features {
		if !seen[feature] {
			fresh++
		}
	}
	for print, price := range o.trees {
		if !told[print] {
			cost += price
		}
	}
	return float64(fresh) / float64(cost)
}

// features are what a plan shows: the transitions that it takes, but for those to catchers, the
// ends that it comes to, and which failure it shows.
func features(r Recorded, found map[Spot]state) []string {
	shown := map[string]bool{}
	for _, e := range r.Trace {
		for i, name := range e.Path {
			to := e.Status + " " + e.Error
			if i+1 < len(e.Path) {
				to = e.Path[i+1]
			}
			if !found[Spot{e.Machine, name}].caught(to) {
				shown[e.Machine+"/"+name+" to "+to] = true
			}
		}
	}
	if r.Plan.Shows != "" {
		shown[r.Plan.Shows] = true
	}
	return slices.Collect(maps.Keys(shown))
}

// merge takes out the executions that are the same, names aside, as one of an earlier plan.
func (c *Choice) merge() {
	told := map[string]bool{}
	plans := c.Plans
	c.Plans = nil
	for _, r := range plans {
		var left Trace
		for _, tree := range r.Trace.trees() {
			if print := fingerprint(r.Plan.ID, tree); told[print] {
				c.Repeated += len(tree)
			} else {
				told[print] = true
				left = append(left, tree...)
			}
		}
		if r.Trace = left; len(left) > 0 {
			c.Plans = append(c.Plans, r)
		}
	}
}

// fingerprint is the same for executions that are told the same and do the same, but for the
// plan's id and for the digests that it makes. What functions were asked is left out: it
// follows from what they answered.
func fingerprint(id string, tree Trace) string {
	hash := sha256.New()
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	for _, execution := range tree {
		execution.Calls = slices.Clone(execution.Calls)
		for i := range execution.Calls {
			execution.Calls[i].Payload = nil
		}
		text, err := json.Marshal(execution)
		if err != nil {
			text = []byte(execution.Key.String() + err.Error()) // like no other one
		}
		hash.Write(digest.ReplaceAll(bytes.ReplaceAll(text, []byte(id), []byte("id")), []byte("sha256:")))
	}
	return string(hash.Sum(nil))
}
