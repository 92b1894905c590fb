package report

import (
	"fmt"
	"math"
	"strings"
)

// mostPoints is how many a curve is drawn with; more would be finer than pixels.
const mostPoints = 600

// perSecond is the rate of each version by second, gaps filled with zero.
func perSecond(series []Second, versions []string) [][]float64 {
	if len(series) == 0 {
		return nil
	}
	last := 0
	for _, second := range series {
		last = max(last, int(second.Seconds))
	}
	rates := make([][]float64, len(versions))
	for i, version := range versions {
		rates[i] = make([]float64, last+1)
		for _, second := range series {
			rates[i][max(0, int(second.Seconds))] += float64(second.Releases[version].Requests)
		}
	}
	return rates
}

// stack draws the rates on top of each other.
func (c *chart) stack(versions []string, rates [][]float64) {
	if len(rates) == 0 {
		c.Rate.scale(1, 1)
		return
	}
	n := len(rates[0])
	step := (n + mostPoints - 1) / mostPoints
	sums := make([]float64, n)
	peak := 0.0
	for i := range n {
		for _, rate := range rates {
			sums[i] += rate[i]
		}
		peak = max(peak, sums[i])
	}
	c.Rate.scale(peak, 5)
	floor := make([]float64, n)
	for i, rate := range rates {
		roof := make([]float64, n)
		for j := range n {
			roof[j] = floor[j] + rate[j]
		}
		drawn := area{Version: word(versions[i]), Series: seriesOf(i, versions[i]), Path: c.band(floor, roof, step)}
		drawn.LabelX, drawn.LabelY = c.labelIn(floor, roof, drawn.Version)
		c.Areas = append(c.Areas, drawn)
		floor = roof
	}
}

// seriesOf is the colour of a version: the palette has four, and grey for what none answered.
func seriesOf(i int, version string) int {
	if version == unknownVersion {
		return 4
	}
	return i % 4
}

// band is the outline between two curves, each value drawn in the middle of its second.
func (c *chart) band(floor, roof []float64, step int) string {
	var there, back []string
	point := func(i int, at float64) {
		there = append(there, fmt.Sprintf("%g,%g", c.x(at), c.Rate.y(roof[i])))
		back = append(back, fmt.Sprintf("%g,%g", c.x(at), c.Rate.y(floor[i])))
	}
	n := len(roof)
	point(0, 0)
	for i := 0; i < n; i += step {
		point(i, float64(i)+0.5)
	}
	point(n-1, float64(n))
	var b strings.Builder
	b.WriteString("M" + strings.Join(there, "L"))
	for i := len(back) - 1; i >= 0; i-- {
		b.WriteString("L" + back[i])
	}
	return b.String() + "Z"
}

// labelIn is where between two curves there is most room for a name: 0 when there is not enough.
func (c *chart) labelIn(floor, roof []float64, name string) (x, y float64) {
	const height = 18
	second := (plotRight - plotLeft) / c.seconds
	needs := int(math.Ceil((letter*float64(cells(name)) + 24) / second))
	best := 0.0
	for i := 0; i+needs <= len(roof); i++ {
		top, bottom := c.Rate.Top, c.Rate.Bottom
		for j := i; j < i+needs; j++ {
			top, bottom = max(top, c.Rate.y(roof[j])), min(bottom, c.Rate.y(floor[j]))
		}
		// Among places as good as each other the middle one reads best.
		off := math.Abs(float64(2*i+needs-len(roof))) / float64(len(roof))
		if room := bottom - top; room >= height && room-10*off > best {
			best = room - 10*off
			x, y = c.x(float64(i)+float64(needs)/2), round((top+bottom)/2+4)
		}
	}
	return x, y
}

// drawWeights draws the weight of green as steps.
func (c *chart) drawWeights(weights []WeightAt) {
	if len(weights) == 0 {
		return
	}
	y := func(percent int) float64 {
		return round(c.Rate.Bottom - (c.Rate.Bottom-c.Rate.Top)*float64(percent)/100)
	}
	for _, percent := range []int{0, 25, 50, 75, 100} {
		c.WeightTicks = append(c.WeightTicks, tick{y(percent), fmt.Sprintf("%d %%", percent)})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "M%g,%g", c.x(weights[0].Seconds), y(weights[0].Green))
	for _, w := range weights[1:] {
		fmt.Fprintf(&b, "H%gV%g", c.x(w.Seconds), y(w.Green))
	}
	fmt.Fprintf(&b, "H%g", c.x(c.seconds))
	c.WeightLine = b.String()
}

// drawErrors draws failed requests as bars and puts the lost ones on top.
func (c *chart) drawErrors(series []Second) {
	peak := 0
	type errors struct{ failed, lost int }
	sums := make([]errors, len(series))
	for i, second := range series {
		for _, tally := range second.Releases {
			sums[i].failed += tally.Failed
			sums[i].lost += tally.Lost
		}
		peak = max(peak, sums[i].failed+sums[i].lost)
	}
	c.Errors.scale(max(1, float64(peak)), 2)
	for i, sum := range sums {
		from, to := c.x(series[i].Seconds), c.x(series[i].Seconds+1)
		width := max(1, round(to-from-1))
		top := c.Errors.y(float64(sum.failed))
		if sum.failed > 0 {
			c.Failed = append(c.Failed, errorBar{from, top, width, round(c.Errors.Bottom - top)})
		}
		if sum.lost > 0 {
			y := c.Errors.y(float64(sum.failed + sum.lost))
			c.Lost = append(c.Lost, errorBar{from, y, width, round(top - y)})
		}
	}
}
