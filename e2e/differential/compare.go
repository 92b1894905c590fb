package differential

import (
	"fmt"
	"strings"
)

// Difference is one thing that two interpreters did differently.
type Difference struct {
	// Plan is the plan's name, Execution the execution's key.
	Plan, Execution string
	// What differs: status, output, error, cause, path, events, call, or the execution itself.
	What string
	// Local and Emulated are the two sides.
	Local, Emulated string
}

// String is one line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s of %s: here %s, there %s", d.Plan, d.What, d.Execution, d.Local, d.Emulated)
}

// Compare lists the differences of two traces of a plan.
func Compare(plan Plan, local, emulated Trace) []Difference {
	there := map[Key]Execution{}
	for _, execution := range emulated {
		there[execution.Key] = execution
	}
	var found []Difference
	for _, here := range local {
		other, ok := there[here.Key]
		if !ok {
			found = append(found, Difference{plan.Name, here.Key.String(), "start", "started", "never started"})
			continue
		}
		for _, d := range compare(here, other) {
			d.Plan, d.Execution = plan.Name, here.Key.String()
			found = append(found, d)
		}
	}
	return found
}

func compare(here, there Execution) []Difference {
	var found []Difference
	check := func(what, local, emulated string) {
		if local != emulated {
			at := common(local, emulated)
			found = append(found, Difference{What: what, Local: cut(local, at), Emulated: cut(emulated, at)})
		}
	}
	check("status", here.Status, there.Status)
	check("input", indented(normal(here.Input)), indented(normal(there.Input)))
	check("output", indented(normal(here.Output)), indented(normal(there.Output)))
	check("error", here.Error, there.Error)
	check("cause", plain(here.Cause), plain(there.Cause))
	check("path", strings.Join(here.Path, " "), strings.Join(there.Path, " "))
	check("events", strings.Join(here.Events, " "), strings.Join(there.Events, " "))
	for i := range max(len(here.Calls), len(there.Calls)) {
		local, emulated := called(here.Calls, i), called(there.Calls, i)
		if local != emulated {
			check(fmt.Sprintf("call %d", i+1), local, emulated)
			break
		}
	}
	return found
}

// called is one call as text, "none" past the end.
func called(calls []Call, i int) string {
	if i >= len(calls) {
		return "none"
	}
	return calls[i].Stage + " " + calls[i].Function + " " + indented(normal(calls[i].Payload))
}

// common is where two texts part.
func common(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// shown is how much of a side is shown, before and after the place where they part.
const shown = 160

func cut(text string, at int) string {
	begin, end := max(0, at-shown/2), min(len(text), at+shown)
	out := strings.ReplaceAll(text[begin:end], "\n", "")
	if begin > 0 {
		out = "…" + out
	}
	if end < len(text) {
		out += "…"
	}
	return "“" + out + "”"
}
