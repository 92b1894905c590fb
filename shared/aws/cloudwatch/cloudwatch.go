// Package cloudwatch counts requests and errors by slot: it implements signal.Source over
// GetMetricData. A place says which of two sources is asked.
//
// The load balancer's metrics need nothing of the service, but come by the minute and late.
// They also come only when not zero: "If there are no requests flowing through the load
// balancer or no data for a metric, the metric is not reported" (Application Load Balancers
// User Guide, "CloudWatch metrics"). So the count of the whole load balancer is the proof that
// a minute was reported: with it, what a target group lacks is zero; without it the minute is
// missing. Bakes of less than five minutes are blind with this source.
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
}

var _ signal.Source = Source{}

// New is a Source. It makes no call.
func New(cfg aws.Config, places Places) Source {
	return Source{api: cloudwatch.NewFromConfig(cfg), places: places}
}

// Counts returns the spans that lie whole between from and to, as far as they are complete. A
// span that is late ends the series; one that has not come in time is Missing, and so is one from
// before both slots had begun to report. What CloudWatch cannot tell just now is fault.Transient.
func (s Source) Counts(ctx context.Context, scope deploy.Scope, from, to time.Time) ([]signal.Point, error) {
	at, err := s.places.Place(ctx, scope)
	if err != nil {
		return nil, err
	}
	m := meterOf(scope, at.Metrics, to.Sub(from))
	start := from.UTC().Add(m.span - time.Nanosecond).Truncate(m.span)
	end := to.UTC().Add(-m.settle).Truncate(m.span)
	if !start.Before(end) {
		return nil, nil
	}
	values, err := s.values(ctx, at, m, start, end)
	if err != nil {
		return nil, err
	}
	var points []signal.Point
	for ; start.Before(end); start = start.Add(m.span) {
		points = append(points, m.point(values, start))
	}
	return cut(points, to.Add(-m.late)), nil
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
func (s Source) values(ctx context.Context, at place.Place, m meter, start, end time.Time) (map[string]map[time.Time]float64, error) {
	call := awserr.Call{Doing: fmt.Sprintf("read the metrics of %q", m.about), Action: "cloudwatch:GetMetricData", Setting: "metrics of " + at.Parameter}
	input := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(start), EndTime: aws.Time(end), MetricDataQueries: m.queries, ScanBy: types.ScanByTimestampAscending,
	}
	values := map[string]map[time.Time]float64{}
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
