package report

import (
	"fmt"
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
	// A long path leaves the newest three notes in sight.
	room := rows - len(lines) - len(traffic) - 2 - min(3, len(s.notes))
	if most := max(2, room); len(path) > most {
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
		return []line{line{}.say("pilotage demo", strong)}
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
		if !isLast {
			after += " ›"
		}
		switch {
		case i == 0:
		case row.cells()+1+cells(text+after) > columns:
			lines = append(lines, row)
			row = line{}.say(left("", cells(head)), normal)
		default:
			row = row.say(" ", normal)
		}
		row = row.say(text, look).say(after, faint)
	}
	return append(lines, row)
}
