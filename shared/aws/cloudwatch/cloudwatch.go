// Package cloudwatch counts requests and errors by slot: it implements signal.Source over
// GetMetricData. The plan says which of two sources is asked, and signal.PaceOf how fast it is;
// the place has the names of both.
//
// The load balancer's metrics ask nothing of the service, but come by the minute and late. They
// also come only when not zero; see balancer for how a quiet minute is told from a lost one.
//
// The application's own counters are the faster source. The service writes them as embedded
// metrics (EMF) at one-second resolution, zeros included: the sums Requests and Errors with the
// dimensions Service, Environment and Slot. A slot that says nothing is missing, never zero: it
// may be dead.
package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/signal"
)

// Places knows where an environment lives.
type Places interface {
	Place(ctx context.Context, scope deploy.Scope) (place.Place, error)
}

// api is the calls that are made.
type api interface {
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// Source is the metrics of all environments. It is safe for concurrent use.
type Source struct {
	api    api
	places Places
	now    func() time.Time
}

var _ signal.Source = Source{}

// New is a Source. It makes no call.
func New(cfg aws.Config, places Places, c clock.Clock) Source {
	return Source{api: cloudwatch.NewFromConfig(cfg), places: places, now: c.Now}
}

// Counts asks the source by, a value of deploy.Analysis.Source; the load balancer for a plan that was
// made before there was a choice. It returns the spans that lie whole between from and to, as far as they are complete. A
// span that is late ends the series; one that has not come in time is Missing, and so is one from
// before both slots had begun to report. What CloudWatch cannot tell just now is fault.Transient.
func (s Source) Counts(ctx context.Context, scope deploy.Scope, by string, from, to time.Time) ([]signal.Point, error) {
	at, err := s.places.Place(ctx, scope)
	if err != nil {
		return nil, err
	}
	pace, now := signal.PaceOf(by), s.now().UTC()
	if by == deploy.SourceApplication && at.Metrics.Namespace == "" {
		return nil, fault.New(fault.Invalid, "read the metrics of %s: metrics.namespace of %s is missing; deploy the environment's stack again", scope, at.Parameter)
	}
	end := earlier(to.UTC(), now.Add(-pace.Settle))
	// What is too old to be read finely is read by the minute, up to the boundary of one.
	begin := from.UTC()
	var points []signal.Point
	if coarse := now.Add(-fineFor).Truncate(time.Minute); pace.Span < time.Minute && begin.Before(coarse) {
		begin = coarse
		if points, err = s.points(ctx, at, meterOf(scope, by, at.Metrics, time.Minute), from.UTC(), earlier(coarse, end)); err != nil {
			return nil, err
		}
	}
	fine, err := s.points(ctx, at, meterOf(scope, by, at.Metrics, pace.Span), begin, end)
	if err != nil {
		return nil, err
	}
	return cut(append(points, fine...), now.Add(-pace.Late)), nil
}

// fineFor is how long CloudWatch keeps points of less than a minute, three hours, less a margin.
const fineFor = 3*time.Hour - 10*time.Minute

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// points are those of the spans that lie whole between begin and end.
func (s Source) points(ctx context.Context, at place.Place, m meter, begin, end time.Time) ([]signal.Point, error) {
	start, end := begin.Add(m.span-time.Nanosecond).Truncate(m.span), end.Truncate(m.span)
	if !start.Before(end) {
		return nil, nil
	}
	values, err := s.values(ctx, at, m, start, end)
	if err != nil {
		return nil, err
	}
	return m.read(values, start, end), nil
}

// cut ends a series before the first span that may still come. Those before the first complete one
// will not: a slot that runs nothing reports nothing, so that of a candidate everything is missing
// until it starts. Waiting for it would hide the first minutes of every candidate.
func cut(points []signal.Point, late time.Time) []signal.Point {
	begun := slices.IndexFunc(points, func(p signal.Point) bool { return !p.Missing })
	for i, point := range points {
		if point.Missing && i > begun && point.Start.Add(point.Length).After(late) {
			return points[:i]
		}
	}
	return points
}

// values reads all pages of all series: by id of the query, then by time.
func (s Source) values(ctx context.Context, at place.Place, m meter, start, end time.Time) (series, error) {
	call := awserr.Call{Doing: fmt.Sprintf("read the metrics of %q", m.about), Action: "cloudwatch:GetMetricData", Setting: "metrics of " + at.Parameter}
	input := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(start), EndTime: aws.Time(end), MetricDataQueries: m.queries, ScanBy: types.ScanByTimestampAscending,
	}
	values := series{}
	last := map[string]types.StatusCode{}
	for {
		page, err := s.api.GetMetricData(ctx, input)
		if err != nil {
			return nil, awserr.Wrap(err, call)
		}
		for _, result := range page.MetricDataResults {
			id := aws.ToString(result.Id)
			last[id] = result.StatusCode
			if values[id] == nil {
				values[id] = map[time.Time]float64{}
			}
			for i, moment := range result.Timestamps[:min(len(result.Timestamps), len(result.Values))] {
				values[id][moment.UTC()] = result.Values[i]
			}
		}
		if aws.ToString(page.NextToken) == "" {
			return values, complete(last, call)
		}
		input.NextToken = page.NextToken
	}
}

// complete refuses series that CloudWatch itself calls incomplete: gaps would read as silence.
func complete(last map[string]types.StatusCode, call awserr.Call) error {
	for id, status := range last {
		switch status {
		case types.StatusCodeComplete, "":
		case types.StatusCodeForbidden:
			return fault.New(fault.Invalid, "%s: series %s may not be read; give the role %s", call.Doing, id, call.Action)
		default:
			return fault.New(fault.Transient, "%s: series %s is %s", call.Doing, id, status)
		}
	}
	return nil
}
