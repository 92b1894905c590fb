package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// margin is the column in which the names of things stand.
const margin = 11

// frame is the picture of a scene in at most that many columns and rows.
func (s *scene) frame(now time.Time, columns, rows int) []line {
	at := now.Sub(s.begun).Seconds()
	lines := s.header(at, columns)
	traffic := s.traffic(columns)
	path := s.path(at, columns)
	// Notes get three lines before a long path gets more than five.
	room := rows - len(lines) - len(traffic) - 2
	forNotes := min(3, len(s.notes))
	if most := max(2, min(room-forNotes-1, max(5, room/2))); len(path) > most {
		path = append([]line{line{}.say(left("", margin)+"…", faint)}, path[len(path)-most+1:]...)
	}
	lines = append(lines, path...)
	if len(traffic) > 0 {
		lines = append(append(lines, line{}), traffic...)
	}
	room = min(10, rows-len(lines)-1)
	if room > 0 && len(s.notes) > 0 {
		lines = append(lines, line{})
		for _, n := range s.notes[max(0, len(s.notes)-room):] {
			lines = append(lines, line{}.say(left(fmt.Sprintf("%8.1fs", n.at), margin), faint).say(n.text, normal))
		}
	}
	return lines
}

func (s *scene) header(at float64, columns int) []line {
	if s.name == "" {
		return []line{line{}.say("setting up", strong)}
	}
	clock := fmt.Sprintf("%02d:%02d", int(at)/60, int(at)%60)
	title := fmt.Sprintf("%d/%d %s", s.number, s.total, s.name)
	title = fit(title, max(1, columns-len(clock)-1))
	lines := []line{
		line{}.say(left(title, columns-len(clock)), strong).say(clock, strong),
	}
	if s.description != "" {
		lines = append(lines, line{}.say(fit(s.description, columns), faint))
	}
	return append(lines, line{}.say(strings.Repeat("─", max(0, columns)), faint))
}

// path is each execution's steps; one that has ended is folded into a line once another runs.
func (s *scene) path(at float64, columns int) []line {
	var lines []line
	for i, l := range s.track.lanes {
		indent := 0
		if l.Nested {
			indent = 2
		}
		head := left(strings.Repeat(" ", indent)+fit(l.Title, margin-indent-1), margin+indent)
		last := l.last()
		if ends(last.State) && i < len(s.track.lanes)-1 && !s.track.lanes[i+1].Nested {
			text := fmt.Sprintf("%s › %s %s", plural(len(l.Steps), "state"), last.label(), duration(last.End-l.Steps[0].Start))
			lines = append(lines, line{}.say(head, strong).say(text, faint))
			continue
		}
		lines = append(lines, flow(l, head, at, columns)...)
	}
	return lines
}

// flow lays the steps of an execution out like words.
func flow(l *lane, head string, at float64, columns int) []line {
	var lines []line
	row := line{}.say(head, strong)
	for i, step := range l.Steps {
		isLast := i == len(l.Steps)-1
		text, look := step.label(), normal
		spent := step.End - step.Start
		if isLast && !ends(step.State) {
			text, look, spent = "▶ "+text, current, at-step.Start
		}
		if isLast && ends(step.State) {
			look = strong
		}
		after := ""
		if spent >= 0.05 {
			after = " " + strings.ReplaceAll(duration(spent), " ", "")
		}
		separator := ""
		if !isLast {
			separator = " › "
		}
		if i > 0 && row.cells()+cells(text+after)+len(" ›") > columns {
			lines = append(lines, row)
			row = line{}.say(left("", cells(head)), normal)
		}
		row = row.say(text, look).say(after+separator, faint)
	}
	return append(lines, row)
}

// traffic is the weights and what users see.
func (s *scene) traffic(columns int) []line {
	var lines []line
	if s.weights != nil {
		lines = append(lines, bar(*s.weights, columns))
	}
	if len(s.rates) == 0 {
		return lines
	}
	versions := slices.Sorted(maps.Keys(s.rates))
	versions = versions[:min(4, len(versions))]
	peak := 0.0
	for _, version := range versions {
		peak = max(peak, s.rates[version].peak())
	}
	graph := max(4, min(60, columns-margin-24))
	for _, version := range versions {
		row := line{}.say(left(fit(oneLine(version), margin-1), margin), strong)
		row = row.say(fmt.Sprintf("%7.1f/s  ", s.rate.PerSecond[version]), normal)
		row = row.say(s.rates[version].spark(graph, peak), inBlue)
		if failed := s.rate.FailedPerSecond[version]; failed > 0 {
			row = row.say(fmt.Sprintf(" ✗ %.1f/s", failed), inRed)
		}
		lines = append(lines, row)
	}
	lines = append(lines, line{}.say(left("errors", margin), strong).
		say(fmt.Sprintf("%7.1f/s  ", s.rate.ErrorsPerSecond), normal).
		say(s.errors.spark(graph, s.errors.peak()), inRed))
	bad := normal
	if s.rate.Failed+s.rate.Lost > 0 {
		bad = inRed
	}
	return append(lines, line{}.say(left("total", margin), strong).
		say(fmt.Sprintf("%7s  requests   ", count(s.rate.Requests)), normal).
		say(fmt.Sprintf("%s failed (%s)   %s lost", count(s.rate.Failed),
			percent(s.rate.Failed, s.rate.Requests), count(s.rate.Lost)), bad))
}

// bar shows the weights by length; blue is solid and green is not, so that it reads without
// colour.
func bar(w WeightAt, columns int) line {
	before, after := fmt.Sprintf("blue %3d %% ", w.Blue), fmt.Sprintf(" green %3d %%", w.Green)
	length := max(4, min(60, columns-margin-len(before)-len(after)))
	blue := int(math.Round(float64(length*w.Blue) / float64(max(1, w.Blue+w.Green))))
	if w.Blue > 0 {
		blue = max(1, blue)
	}
	if w.Green > 0 {
		blue = min(length-1, blue)
	}
	if w.Blue+w.Green == 0 {
		return line{}.say(left("weights", margin), strong).say("blue   0 %  green   0 %: nobody gets an answer", inRed)
	}
	return line{}.say(left("weights", margin), strong).say(before, normal).
		say(strings.Repeat("█", blue), inBlue).say(strings.Repeat("░", length-blue), inGreen).say(after, normal)
}
