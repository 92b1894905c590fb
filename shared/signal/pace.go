package signal

import (
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Pace is how fast a source on AWS can tell what happened.
type Pace struct {
	// Span is the length of a point, more than 0.
	Span time.Duration
	// Settle is how long after its end a point may still grow: it is not asked for earlier.
	Settle time.Duration
	// Late is how long after its end a point may still be on its way. One that has not come by
	// then was never counted.
	Late time.Duration
}

// PaceOf is the pace of a value of deploy.Analysis.Source; that of the load balancer for a
// document that was made before there was a choice.
//
// ELB "measures and sends its metrics in 60-second intervals" (Application Load Balancers User
// Guide, CloudWatch metrics) and promises no delay: alarms of one minute have been seen to take
// four. A service writes its counters each second; the log driver sends them every five (Docker,
// awslogs) and CloudWatch extracts them on arrival.
func PaceOf(source string) Pace {
	if source == deploy.SourceApplication {
		return Pace{Span: 10 * time.Second, Settle: 10 * time.Second, Late: 90 * time.Second}
	}
	return Pace{Span: time.Minute, Settle: time.Minute, Late: 5 * time.Minute}
}

// Least is how long a step has to bake, extensions included, so that it ends with a count or with
// the knowledge that there is none. At the worst a span has just begun when the weight is set, so
// the first whole one begins a span later, takes its length, and comes as late as any may.
func (p Pace) Least() time.Duration { return 2*p.Span + p.Late }

// Bake is how long a step of a release that is no worse may bake on AWS, its extensions included. A
// bake that is over before its source can tell what happened goes on until then, whatever
// whenInconclusive says; with "extend" one without a verdict goes on as well. A step that is not
// baked takes no time.
func Bake(step deploy.Step, analysis deploy.Analysis) time.Duration {
	if step.BakeSeconds == 0 {
		return 0
	}
	bake := time.Duration(step.BakeSeconds) * time.Second
	longest := max(bake, PaceOf(analysis.Source).Least())
	if analysis.WhenInconclusive == deploy.InconclusiveExtend {
		longest = max(longest, bake+time.Duration(analysis.ExtendSeconds)*time.Second)
	}
	return longest
}
