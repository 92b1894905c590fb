package report

import (
	"fmt"
	"math"
	"strings"
)

// The plot's measures in user units of its SVG, which are pixels at full width.
const (
	chartWidth  = 960
	plotLeft    = 64
	plotRight   = 904
	lanesTop    = 44
	laneHeight  = 20
	rateHeight  = 176
	errorHeight = 56
	panelGap    = 38
	// letter is how wide a letter of the plot's text is taken to be.
	letter = 6.3
)

// chart is a scenario over time: the states of its executions, the traffic by version with the
// weights, and the errors, one below the other on one axis of time.
type chart struct {
	Number             int
	Title, Description string
	Width, Height      int
	Left, Right        float64
	Lanes              []laneStrip
	Markers            []marker
	Rate, Errors       panel
	Areas              []area
	// WeightLine is the weight of slot green, empty when it is not known.
	WeightLine   string
	WeightTicks  []tick
	Failed, Lost []errorBar
	TimeTicks    []tick
	AxisTop      float64
	seconds      float64
}

// area is what one version answered, stacked on those before it.
type area struct {
	Version string
	// Series numbers the colour and the pattern.
	Series int
	Path   string
	// LabelX and LabelY are where the name fits in; LabelX is 0 when it does not.
	LabelX, LabelY float64
}

// errorBar is the errors of one second.
type errorBar struct{ X, Y, Width, Height float64 }

// newChart is nil when there is nothing to draw.
func newChart(number int, s Scenario, t *track) *chart {
	c := &chart{Number: number, Width: chartWidth, Left: plotLeft, Right: plotRight, seconds: s.Seconds}
	for _, l := range t.lanes {
		c.seconds = max(c.seconds, l.last().End)
	}
	if n := len(s.Series); n > 0 {
		c.seconds = max(c.seconds, s.Series[n-1].Seconds+1)
	}
	if c.seconds <= 0 || len(t.lanes)+len(s.Series) == 0 {
		return nil
	}
	c.Lanes = c.strips(t)
	c.Rate.Top = lanesTop + float64(len(c.Lanes)*(laneHeight+4)) + 28
	c.Rate.Bottom = c.Rate.Top + rateHeight
	c.Errors.Top = c.Rate.Bottom + panelGap
	c.Errors.Bottom = c.Errors.Top + errorHeight
	c.AxisTop = c.Errors.Bottom
	c.Height = int(c.AxisTop) + 42
	c.Markers = c.marks(t)
	for _, at := range nice(c.seconds, 9) {
		c.TimeTicks = append(c.TimeTicks, tick{c.x(at), fmt.Sprintf("%g", at)})
	}
	versions := versionsOf(s.Series)
	rates := perSecond(s.Series, versions)
	c.stack(versions, rates)
	c.drawErrors(s.Series)
	c.drawWeights(s.Weights)
	c.Title = fmt.Sprintf("Traffic and states of %s over %s", word(s.Name), duration(c.seconds))
	c.Description = describe(s, versions)
	return c
}

func (c *chart) x(seconds float64) float64 {
	return round(plotLeft + (plotRight-plotLeft)*min(1, max(0, seconds/c.seconds)))
}

// describe is the plot in words, for those who do not see it.
func describe(s Scenario, versions []string) string {
	names := make([]string, len(versions))
	for i, version := range versions {
		names[i] = word(version)
	}
	text := fmt.Sprintf("Requests per second, stacked by version (%s); weight of slot green in percent; "+
		"failed and lost requests per second below.", strings.Join(names, ", "))
	changes := make([]string, len(s.Weights))
	for i, w := range s.Weights {
		changes[i] = fmt.Sprintf("%d %% at %.1f s", w.Green, w.Seconds)
	}
	if len(changes) > 0 {
		text += " Weight of green: " + strings.Join(changes, ", ") + "."
	}
	return text
}

func round(value float64) float64 { return math.Round(value*10) / 10 }
