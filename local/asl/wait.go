package asl

import (
	"context"
	"encoding/json"
	"time"
)

// wait is a Wait state's own fields, one of which is set.
type wait struct {
	seconds   template
	timestamp template
}

func (p *parser) wait(f *fields, s *state) {
	s.wait = wait{seconds: f.number("Seconds", 0), timestamp: f.textTemplate("Timestamp")}
	if (s.wait.seconds == nil) == (s.wait.timestamp == nil) {
		p.refuse(f.path, "must have either Seconds or Timestamp")
	}
	if literal, ok := s.wait.timestamp.(constant); ok {
		text, _ := literal.value.(string)
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			p.refuse(join(f.path, "Timestamp"), "must be a time like 2030-01-02T15:04:05Z")
		}
	}
}

// number is a template whose literal form must be a whole number between low and maxSeconds.
func (f *fields) number(name string, low int64) template {
	n, ok := f.take(name)
	if !ok {
		return nil
	}
	if _, ok := n.value.(json.Number); ok {
		return constant{whole(f.whole(name, low, maxSeconds, low))}
	}
	t := f.p.template(n, name)
	if _, ok := t.(*expression); !ok {
		f.p.refuse(n.path, "must be a whole number or {%% an expression %%}")
	}
	return t
}

// pause waits. A moment that has passed already takes no time.
func (v *visit) pause(ctx context.Context) error {
	clock := v.frame.execution.engine.Clock
	if v.state.wait.seconds != nil {
		seconds, err := v.count(ctx, v.state.wait.seconds, "Seconds", 0)
		if err != nil {
			return err
		}
		return clock.Wait(ctx, time.Duration(seconds)*time.Second)
	}
	text, err := v.text(ctx, v.state.wait.timestamp, "Timestamp")
	if err != nil {
		return err
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return unexpected(v.state.wait.timestamp, "Timestamp", "timestamp", text)
	}
	return clock.Wait(ctx, until.Sub(clock.Now()))
}
