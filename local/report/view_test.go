package report

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func none(string) string { return "" }

// play shows a scenario in a bubble of virtual time.
func play(v View, s Scenario, number int) {
	v.Begin(s.Name, s.Description, number, 4)
	v.Note("set up: running-app 1.0.0 in slot blue")
	start := time.Now()
	path, weights, mails, rate := s.Path, s.Weights, s.Mails, Rate{}
	for _, second := range s.Series {
		for at := 0.0; at < 1; at += 0.25 {
			now := second.Seconds + at
			<-time.After(time.Until(start.Add(time.Duration(now * float64(time.Second)))))
			for ; len(weights) > 0 && weights[0].Seconds <= now; weights = weights[1:] {
				v.Weights(weights[0])
			}
			for ; len(path) > 0 && path[0].Seconds <= now; path = path[1:] {
				v.State(path[0])
			}
			for ; len(mails) > 0 && mails[0].Seconds <= now; mails = mails[1:] {
				v.Note("mail to " + mails[0].To + ": " + mails[0].Subject)
			}
			rate.PerSecond, rate.FailedPerSecond = map[string]float64{}, map[string]float64{}
			rate.ErrorsPerSecond = 0
			for version, tally := range second.Releases {
				rate.PerSecond[version] = float64(tally.Requests)
				rate.FailedPerSecond[version] = float64(tally.Failed)
				rate.ErrorsPerSecond += float64(tally.Failed + tally.Lost)
				rate.Requests += tally.Requests / 4
			}
			v.Traffic(rate)
		}
	}
	v.End(s)
}

func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		v := NewView(&out, Options{Getenv: none})
		for i, s := range fixture().Scenarios {
			play(v, s, i+1)
		}
		v.Close()
		v.Note("too late")
		golden(t, "plain.txt", out.String())
		if strings.ContainsAny(out.String(), "\x1b\r") {
			t.Error("plain lines have control characters")
		}
	})
}

func TestLiveEndsWithOneLineAndTheCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		v := NewView(&out, Options{Mode: Live, Getenv: none})
		play(v, fixture().Scenarios[1], 1)
		v.Close()
		v.Close()
		before := out.Len()
		v.Note("too late")
		v.End(Scenario{})
		if out.Len() != before {
			t.Error("a closed view still writes")
		}
		text := out.String()
		if !strings.HasSuffix(text, "\x1b[0m\x1b[?25h") {
			t.Errorf("got %q, want the cursor back", text[max(0, len(text)-60):])
		}
		if !strings.Contains(text, "rolled-back  11 of 5,404 failed, 0 lost, back in 7.1 s\r\n") {
			t.Error("the result is missing")
		}
	})
}

func TestNoColor(t *testing.T) {
	for _, value := range []string{"", "1"} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			v := NewView(&out, Options{Mode: Live, Getenv: func(name string) string {
				return map[string]string{"NO_COLOR": value}[name]
			}})
			play(v, fixture().Scenarios[1], 1)
			v.Close()
			if got, want := strings.Contains(out.String(), "\x1b[34m"), value == ""; got != want {
				t.Errorf("NO_COLOR=%q: got colours %v, want %v", value, got, want)
			}
		})
	}
}

func TestViewIsSafeForConcurrentUse(t *testing.T) {
	for _, mode := range []Mode{Plain, Live} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			v := NewView(&out, Options{Mode: mode, Getenv: none})
			var group sync.WaitGroup
			for i, s := range fixture().Scenarios {
				group.Go(func() { play(v, s, i+1) })
			}
			group.Go(func() {
				<-time.After(20 * time.Second)
				v.Close()
			})
			group.Go(v.Close)
			group.Wait()
		})
	}
}

func TestFrameKeepsToTheTerminal(t *testing.T) {
	for _, columns := range []int{1, 2, 12, 40, 79, 119, 300} {
		for _, rows := range []int{1, 5, 12, 23, 39, 80} {
			s := newScene(fixtureStart)
			s.name, s.description, s.number, s.total = strings.Repeat("größe漢字", 9), "describes", 1, 4
			for _, scenario := range fixture().Scenarios {
				for _, state := range scenario.Path {
					s.track.enter(state)
				}
			}
			s.weights = &WeightAt{Blue: 75, Green: 25}
			for i := range 300 {
				s.see(float64(i), Rate{PerSecond: map[string]float64{"1.0.0": 200, "1.1.0": float64(i)}, Failed: i})
				s.note(float64(i), strings.Repeat("a note ", 40))
			}
			var out bytes.Buffer
			at := screen{out: &out, size: func() (int, int) { return columns + 1, rows + 1 }}
			at.paint(s.frame(fixtureStart.Add(301*time.Second), columns, rows))
			painted := strings.Split(stripped(out.String()), "\r\n")
			if got := len(painted) - 1; got > rows {
				t.Errorf("%dx%d: got %d rows", columns, rows, got)
			}
			for _, text := range painted {
				if got := cells(strings.TrimLeft(text, "\r")); got > columns {
					t.Errorf("%dx%d: got %d columns: %q", columns, rows, got, text)
				}
			}
		}
	}
}

// stripped is what a terminal shows of a text.
func stripped(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "\x1b[") {
		if i > 0 {
			part = part[strings.IndexFunc(part, func(r rune) bool { return r >= '@' && r <= '~' && r != '?' })+1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

func TestHostileTextDoesNothingToATerminal(t *testing.T) {
	for _, mode := range []Mode{Plain, Live} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			v := NewView(&out, Options{Mode: mode, Getenv: none})
			play(v, hostileScenario(), 1)
			v.Note(hostile)
			v.Close()
			if strings.ContainsAny(out.String(), "\a\u202e") || strings.Contains(out.String(), "\x1b]") ||
				strings.Contains(out.String(), "\x1b[2J") {
				t.Errorf("mode %q: control characters got through", mode)
			}
		})
	}
}

func TestATerminalThatBecameNarrowerIsClearedWhole(t *testing.T) {
	var out bytes.Buffer
	columns := 81
	s := screen{out: &out, size: func() (int, int) { return columns, 24 }}
	s.paint([]line{line{}.say(strings.Repeat("x", 70), normal), line{}.say("short", normal)})
	columns = 30
	out.Reset()
	s.leave(nil)
	if got, want := out.String(), "\r\x1b[4A\x1b[J"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
