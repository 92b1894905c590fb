package report

import "time"

// kept is how many notes and seconds of traffic a scene remembers: what the largest terminals
// can show.
const kept = 240

// scene is what a live view knows of the scenario that is running.
type scene struct {
	name, description string
	number, total     int
	begun             time.Time

	track   *track
	weights *WeightAt
	rate    Rate
	// rates and failures are by version and second, errors by second, each at most kept long.
	rates, failures map[string]*history
	errors          *history
	notes           []note
}

type note struct {
	at   float64
	text string
}

func newScene(begun time.Time) *scene {
	return &scene{
		begun: begun, track: &track{}, errors: &history{},
		rates: map[string]*history{}, failures: map[string]*history{},
	}
}

func (s *scene) note(at float64, text string) {
	s.notes = append(s.notes, note{at, text})
	s.notes = s.notes[max(0, len(s.notes)-kept):]
}

// see remembers what users see. A release that is not named any more gets nothing.
func (s *scene) see(at float64, rate Rate) {
	s.rate = rate
	second := int(at)
	for version := range rate.PerSecond {
		if s.rates[version] == nil {
			s.rates[version], s.failures[version] = &history{}, &history{}
		}
	}
	for version := range s.rates {
		s.rates[version].set(second, rate.PerSecond[version])
		s.failures[version].set(second, rate.FailedPerSecond[version])
	}
	s.errors.set(second, rate.ErrorsPerSecond)
}

// history is a value by second.
type history struct {
	last   int
	values []float64
}

// set keeps the newest value of a second. A second that nobody spoke of repeats the one before.
func (h *history) set(second int, value float64) {
	if len(h.values) == 0 {
		h.last, h.values = second, []float64{value}
		return
	}
	for ; h.last < second; h.last++ {
		h.values = append(h.values, h.values[len(h.values)-1])
		h.values = h.values[max(0, len(h.values)-kept):]
	}
	h.values[len(h.values)-1] = value
}

// spark draws the last seconds in that many columns, from nothing to the peak. A value that is
// not zero is never drawn as nothing.
func (h *history) spark(columns int, peak float64) string {
	levels := []rune(" ▁▂▃▄▅▆▇█")
	values := h.values[max(0, len(h.values)-columns):]
	drawn := make([]rune, len(values))
	for i, value := range values {
		level := 0
		if value > 0 && peak > 0 {
			level = min(len(levels)-1, 1+int(value/peak*float64(len(levels)-1)))
		}
		drawn[i] = levels[level]
	}
	return right(string(drawn), columns)
}

func (h *history) peak() float64 {
	peak := 0.0
	for _, value := range h.values {
		peak = max(peak, value)
	}
	return peak
}
