package report

import "fmt"

// laneStrip is an execution as blocks on the axis of time.
type laneStrip struct {
	Title  string
	Y      float64
	Blocks []block
}

type block struct {
	X, Width float64
	// Label is empty when the block is too narrow for it; Title says it all.
	Label, Title, Phase string
}

// marker is a moment worth a line through the whole plot.
type marker struct {
	X float64
	// Label is empty when it would cover another; Title says it all.
	Label, Title, Phase string
	LabelX, LabelY      float64
	Anchor              string
}

func (c *chart) strips(t *track) []laneStrip {
	strips := make([]laneStrip, len(t.lanes))
	for i, l := range t.lanes {
		strips[i] = laneStrip{Title: fit(l.Title, 10), Y: lanesTop + float64(i*(laneHeight+4))}
		for _, step := range l.Steps {
			x, end := c.x(step.Start), c.x(step.End)
			shown := block{
				X: x, Width: max(1.5, round(end-x-1)), Phase: phase(step.State),
				Title: fmt.Sprintf("%s: %s, %.1f s to %.1f s", l.Title, step.label(), step.Start, step.End),
			}
			for _, text := range []string{step.label(), oneLine(step.State), step.Note} {
				if text != "" && shown.Width >= letter*float64(cells(text))+8 {
					shown.Label = text
					break
				}
			}
			strips[i].Blocks = append(strips[i].Blocks, shown)
		}
	}
	return strips
}

// marks are the steps that explain the traffic, their labels in two rows.
func (c *chart) marks(t *track) []marker {
	var markers []marker
	free := [2]float64{}
	for _, l := range t.lanes {
		for _, step := range l.Steps {
			text := landmark(step, l)
			if text == "" {
				continue
			}
			m := marker{
				X: c.x(step.Start), Phase: phase(step.State), Anchor: "start",
				Title: fmt.Sprintf("%s at %.1f s", step.label(), step.Start),
			}
			width := letter*float64(cells(text)) + 6
			from := m.X
			if from+width > chartWidth {
				from, m.Anchor = m.X-width, "end"
			}
			for row := range free {
				if from < free[row] {
					continue
				}
				free[row] = from + width + 4
				m.Label, m.LabelX, m.LabelY = text, m.X, float64(14+15*row)
				break
			}
			markers = append(markers, m)
		}
	}
	return markers
}

// landmark is the marker's text for a step that deserves one.
func landmark(s step, l *lane) string {
	switch s.State {
	case "Shift":
		if s.Note != "" {
			return s.Note
		}
		return s.State
	case "Migrate", "Rollback", "RestoreTraffic", "Promote", "Retire":
		return s.label()
	}
	// The end of an execution that another waits for is told by the other.
	if ends(s.State) && !l.Nested {
		return s.State
	}
	return ""
}
