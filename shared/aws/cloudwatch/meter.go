package cloudwatch

import (
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/signal"
)

// series are values by the query's id and the moment that they begin at.
type series map[string]map[time.Time]float64

// has reports whether a query has a value at a moment, which may be zero.
func (s series) has(id string, at time.Time) bool {
	_, found := s[id][at]
	return found
}

// meter is one way of counting, at one length of spans.
type meter struct {
	about   string
	span    time.Duration
	queries []types.MetricDataQuery
	// point is what was counted in the span that begins at start; false when that is not known.
	point func(values series, start time.Time) (blue, green deploy.Counted, known bool)
}

func meterOf(scope deploy.Scope, by string, at place.Metrics, span time.Duration) meter {
	if by == deploy.SourceApplication {
		return application(scope, at, span)
	}
	return balancer(at, span)
}

// read is the points from start to end, both at the boundary of a span.
func (m meter) read(values series, start, end time.Time) []signal.Point {
	var points []signal.Point
	for ; start.Before(end); start = start.Add(m.span) {
		blue, green, known := m.point(values, start)
		points = append(points, signal.Point{Start: start, Length: m.span, Blue: blue, Green: green, Missing: !known})
	}
	return points
}

// What a service writes of itself: two sums with three dimensions. docs/analysis.md says it to
// those who write services, and a test holds the example to it.
const (
	metricRequests       = "Requests"
	metricErrors         = "Errors"
	dimensionService     = "Service"
	dimensionEnvironment = "Environment"
	dimensionSlot        = "Slot"
)

// application reads the service's own counters. A slot that says nothing may be dead: it is not
// known what it answered.
func application(scope deploy.Scope, at place.Metrics, span time.Duration) meter {
	m := meter{about: at.Namespace, span: span}
	for _, slot := range deploy.Slots() {
		dimensions := []types.Dimension{
			dimension(dimensionService, scope.Service), dimension(dimensionEnvironment, scope.Environment), dimension(dimensionSlot, string(slot)),
		}
		m.queries = append(m.queries,
			sum("requests_"+string(slot), at.Namespace, metricRequests, span, dimensions),
			sum("errors_"+string(slot), at.Namespace, metricErrors, span, dimensions))
	}
	m.point = func(values series, start time.Time) (blue, green deploy.Counted, known bool) {
		for _, slot := range deploy.Slots() {
			if !values.has("requests_"+string(slot), start) || !values.has("errors_"+string(slot), start) {
				return deploy.Counted{}, deploy.Counted{}, false
			}
		}
		return counted(values["requests_blue"][start], values["errors_blue"][start]),
			counted(values["requests_green"][start], values["errors_green"][start]), true
	}
	return m
}

// balancer reads what the load balancer counts by target group. Requests to which a target gave
// no answer at all are no 5xx of a target; they are TargetConnectionErrorCount.
//
// Counts come only when they are not zero. That a minute without one was quiet, and not lost, is
// proven by what the load balancer reported of that minute besides: requests of anybody, or how
// many targets are healthy, which is "reported if there are registered targets" (Application Load
// Balancers User Guide, CloudWatch metrics), so in every minute in which a slot runs something.
func balancer(at place.Metrics, span time.Duration) meter {
	const namespace = "AWS/ApplicationELB"
	whole := dimension("LoadBalancer", at.LoadBalancer)
	m := meter{about: at.LoadBalancer, span: span}
	m.queries = append(m.queries, sum("reported", namespace, "RequestCount", span, []types.Dimension{whole}))
	for _, slot := range deploy.Slots() {
		part := []types.Dimension{whole, dimension("TargetGroup", at.TargetGroups.Of(slot))}
		m.queries = append(m.queries,
			sum("requests_"+string(slot), namespace, "RequestCount", span, part),
			sum("errors_"+string(slot), namespace, "HTTPCode_Target_5XX_Count", span, part),
			sum("unanswered_"+string(slot), namespace, "TargetConnectionErrorCount", span, part),
			stat("Maximum", sum("healthy_"+string(slot), namespace, "HealthyHostCount", span, part)))
	}
	m.point = func(values series, start time.Time) (blue, green deploy.Counted, known bool) {
		if !values.has("reported", start) && !values.has("healthy_blue", start) && !values.has("healthy_green", start) {
			return deploy.Counted{}, deploy.Counted{}, false
		}
		return counted(values["requests_blue"][start], values["errors_blue"][start]+values["unanswered_blue"][start]),
			counted(values["requests_green"][start], values["errors_green"][start]+values["unanswered_green"][start]), true
	}
	return m
}

// counted is a count of whole requests. Retries of connections can be more than requests.
func counted(requests, errors float64) deploy.Counted {
	n := int64(math.Round(requests))
	return deploy.Counted{Requests: n, Errors: min(n, int64(math.Round(errors)))}
}

func dimension(name, value string) types.Dimension {
	return types.Dimension{Name: aws.String(name), Value: aws.String(value)}
}

func sum(id, namespace, name string, span time.Duration, dimensions []types.Dimension) types.MetricDataQuery {
	return types.MetricDataQuery{Id: aws.String(id), ReturnData: aws.Bool(true), MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(namespace), MetricName: aws.String(name), Dimensions: dimensions},
		Period: aws.Int32(int32(span / time.Second)), Stat: aws.String("Sum"),
	}}
}

func stat(name string, query types.MetricDataQuery) types.MetricDataQuery {
	query.MetricStat.Stat = aws.String(name)
	return query
}
