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

// meter is one way of counting.
type meter struct {
	about   string
	queries []types.MetricDataQuery
	// span is the length of a point, settle how long after its end it may still grow, and late
	// how long after its end it may still be on its way.
	span, settle, late time.Duration
	point              func(values map[string]map[time.Time]float64, start time.Time) signal.Point
}

// fineFor is how long CloudWatch keeps points of less than a minute: three hours, less a
// margin.
const fineFor = 3*time.Hour - 10*time.Minute

func meterOf(scope deploy.Scope, at place.Metrics, length time.Duration) meter {
	if at.Source == place.SourceApplication {
		return application(scope, at, length)
	}
	return loadBalancer(at)
}

// application reads the service's own counters.
func application(scope deploy.Scope, at place.Metrics, length time.Duration) meter {
	m := meter{about: at.Namespace, span: 10 * time.Second, settle: 10 * time.Second, late: 90 * time.Second}
	if length > fineFor {
		m.span = time.Minute
	}
	for _, slot := range deploy.Slots() {
		dimensions := map[string]string{"Service": scope.Service, "Environment": scope.Environment, "Slot": string(slot)}
		m.queries = append(m.queries,
			query("requests_"+string(slot), at.Namespace, "Requests", m.span, dimensions),
			query("errors_"+string(slot), at.Namespace, "Errors", m.span, dimensions))
	}
	m.point = func(values map[string]map[time.Time]float64, start time.Time) signal.Point {
		point := signal.Point{Start: start, Length: m.span}
		for _, slot := range deploy.Slots() {
			for _, series := range []string{"requests_", "errors_"} {
				if _, found := values[series+string(slot)][start]; !found {
					return signal.Point{Start: start, Length: m.span, Missing: true}
				}
			}
		}
		point.Blue = counted(values["requests_blue"][start], values["errors_blue"][start])
		point.Green = counted(values["requests_green"][start], values["errors_green"][start])
		return point
	}
	return m
}

// loadBalancer reads what the load balancer counts by target group. Requests to which a target
// gave no answer at all are no 5xx of a target; they are TargetConnectionErrorCount.
func loadBalancer(at place.Metrics) meter {
	const namespace = "AWS/ApplicationELB"
	whole := map[string]string{"LoadBalancer": at.LoadBalancer}
	m := meter{about: at.LoadBalancer, span: time.Minute, settle: time.Minute, late: 5 * time.Minute}
	m.queries = append(m.queries, query("reported", namespace, "RequestCount", m.span, whole))
	for _, slot := range deploy.Slots() {
		part := map[string]string{"LoadBalancer": at.LoadBalancer, "TargetGroup": at.TargetGroups.Of(slot)}
		m.queries = append(m.queries,
			query("requests_"+string(slot), namespace, "RequestCount", m.span, part),
			query("errors_"+string(slot), namespace, "HTTPCode_Target_5XX_Count", m.span, part),
			query("unanswered_"+string(slot), namespace, "TargetConnectionErrorCount", m.span, part))
	}
	m.point = func(values map[string]map[time.Time]float64, start time.Time) signal.Point {
		if _, found := values["reported"][start]; !found {
			return signal.Point{Start: start, Length: m.span, Missing: true}
		}
		return signal.Point{
			Start: start, Length: m.span,
			Blue:  counted(values["requests_blue"][start], values["errors_blue"][start]+values["unanswered_blue"][start]),
			Green: counted(values["requests_green"][start], values["errors_green"][start]+values["unanswered_green"][start]),
		}
	}
	return m
}

// counted is a count of whole requests. Retries of connections can be more than requests.
func counted(requests, errors float64) deploy.Counted {
	n := int64(math.Round(requests))
	return deploy.Counted{Requests: n, Errors: min(n, int64(math.Round(errors)))}
}

func query(id, namespace, name string, span time.Duration, dimensions map[string]string) types.MetricDataQuery {
	metric := &types.Metric{Namespace: aws.String(namespace), MetricName: aws.String(name)}
	for _, dimension := range []string{"LoadBalancer", "TargetGroup", "Service", "Environment", "Slot"} {
		if value, found := dimensions[dimension]; found {
			metric.Dimensions = append(metric.Dimensions, types.Dimension{Name: aws.String(dimension), Value: aws.String(value)})
		}
	}
	return types.MetricDataQuery{Id: aws.String(id), ReturnData: aws.Bool(true), MetricStat: &types.MetricStat{
		Metric: metric, Period: aws.Int32(int32(span / time.Second)), Stat: aws.String("Sum"),
	}}
}
