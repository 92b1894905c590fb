package differential

import (
	"fmt"
	"strings"
)

// Difference is one thing that two interpreters did differently.
type Difference struct {
	// Plan is the plan's name, Execution the execution's key.
	Plan, Execution string
	// Status is how the execution ended in our interpreter.
	Status string
	// What differs: start, status, input, output, error, cause, path, events, a task or a call; answering
	// or replay when the comparison itself went wrong.
	What string
	// Local and Emulated are the two sides, whole.
	Local, Emulated string
}

// String is one line, with both sides around the place where they part.
func (d Difference) String() string {
	at := common(d.Local, d.Emulated)
	return fmt.Sprintf("%s: %s of %s: here %s, there %s", d.Plan, d.What, d.Execution, cut(d.Local, at), cut(d.Emulated, at))
}

// Compare lists the differences of two traces of a plan.
func Compare(plan Plan, local, emulated Trace) []Difference {
	there := map[Key]Execution{}
	for _, execution := range emulated {
		there[execution.Key] = execution
	}
	var found []Difference
	same := newNormaliser()
	for _, here := range local {
		other, ok := there[here.Key]
		if !ok {
			found = append(found, Difference{plan.Name, here.Key.String(), here.Status, "start", "started", "never started"})
			continue
		}
		for _, d := range compare(same, here, other) {
			d.Plan, d.Execution, d.Status = plan.Name, here.Key.String(), here.Status
			found = append(found, d)
		}
	}
	return found
}

func compare(same normaliser, here, there Execution) []Difference {
	var found []Difference
	check := func(what, local, emulated string) {
		if local != emulated {
			found = append(found, Difference{What: what, Local: local, Emulated: emulated})
		}
	}
	check("status", here.Status, there.Status)
	check("input", same.document(here.Input), same.document(there.Input))
	check("output", same.document(here.Output), same.document(there.Output))
	check("error", here.Error, there.Error)
	check("cause", same.cause(here.Cause), same.cause(there.Cause))
	check("path", strings.Join(here.Path, " "), strings.Join(there.Path, " "))
	check("events", strings.Join(here.Events, " "), strings.Join(there.Events, " "))
	for i := range max(len(here.Tasks), len(there.Tasks)) {
		check(fmt.Sprintf("task %d", i+1), ended(same, here.Tasks, i), ended(same, there.Tasks, i))
	}
	for i := range max(len(here.Calls), len(there.Calls)) {
		check(fmt.Sprintf("call %d", i+1), called(same, here.Calls, i), called(same, there.Calls, i))
		if stageOf(here.Calls, i) != stageOf(there.Calls, i) {
			break // they went different ways: what follows has nothing to compare
		}
	}
	return found
}

func stageOf(calls []Call, i int) string {
	if i >= len(calls) {
		return ""
	}
	return calls[i].Stage
}

// called is one call as text, "none" past the end.
func called(same normaliser, calls []Call, i int) string {
	if i >= len(calls) {
		return "none"
	}
	return calls[i].Stage + " " + calls[i].Function + " " + same.document(calls[i].Payload)
}

// ended is one end of a task as text, "none" past the end.
func ended(same normaliser, tasks []TaskEnd, i int) string {
	if i >= len(tasks) {
		return "none"
	}
	end := tasks[i]
	text := same.cause(end.Text)
	if strings.HasPrefix(end.Resource, statesResource+":") {
		text = same.document([]byte(end.Text))
	}
	return end.Type + " " + end.Resource + " " + end.Error + " " + text
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
