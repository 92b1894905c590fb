package report

import (
	"fmt"
	"math"
)

// panel is a part of the plot with an axis of its own.
type panel struct {
	Top, Bottom float64
	Ticks       []tick
	top         float64
}

type tick struct {
	At    float64
	Label string
}

// scale gives the panel an axis from 0 to at least most.
func (p *panel) scale(most float64, ticks int) {
	// Requests come whole.
	values := nice(max(most, float64(ticks)), ticks)
	if most <= 1 {
		values = []float64{0, 1}
	}
	if last := values[len(values)-1]; last < most {
		values = append(values, last+values[1])
	}
	p.top = values[len(values)-1]
	for _, value := range values {
		p.Ticks = append(p.Ticks, tick{p.y(value), fmt.Sprintf("%g", value)})
	}
}

func (p *panel) y(value float64) float64 {
	return round(p.Bottom - (p.Bottom-p.Top)*value/p.top)
}

// nice is round values from 0 that do not go past most, about that many.
func nice(most float64, about int) []float64 {
	if most <= 0 {
		most = 1
	}
	raw := most / float64(about)
	size := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * size
	for _, factor := range []float64{1, 2, 5} {
		if factor*size >= raw {
			step = factor * size
			break
		}
	}
	step = max(step, 1e-9)
	values := []float64{0}
	for i := 1; float64(i)*step <= most*1.0001 || i == 1; i++ {
		values = append(values, math.Round(float64(i)*step*1e6)/1e6)
	}
	return values
}
