package cloudwatch

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/signal"
)

// fake is series by query, by seconds since midnight, given one result a page.
type fake struct {
	series map[string]map[int]float64
	status types.StatusCode
	fail   error
	asked  *cloudwatch.GetMetricDataInput
}

func midnight() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }

func at(second int) time.Time { return midnight().Add(time.Duration(second) * time.Second) }

func (f *fake) GetMetricData(_ context.Context, input *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	one := *input
	f.asked = &one
	if f.fail != nil {
		return nil, f.fail
	}
	i, _ := strconv.Atoi(aws.ToString(input.NextToken))
	id := *input.MetricDataQueries[i].Id
	result := types.MetricDataResult{Id: aws.String(id), StatusCode: f.status}
	for second, value := range f.series[id] {
		result.Timestamps, result.Values = append(result.Timestamps, at(second)), append(result.Values, value)
	}
	answer := &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{result}}
	if i+1 < len(input.MetricDataQueries) {
		answer.NextToken = aws.String(strconv.Itoa(i + 1))
	}
	return answer, nil
}

type places place.Metrics

func (p places) Place(context.Context, deploy.Scope) (place.Place, error) {
	return place.Place{Metrics: place.Metrics(p), Parameter: "/pilotage/shop/staging/place"}, nil
}

func byApplication() places { return places{Source: place.SourceApplication, Namespace: "Shop"} }

func byLoadBalancer() places {
	return places{Source: place.SourceLoadBalancer, LoadBalancer: "app/shop/1", TargetGroups: place.Slots{Blue: "targetgroup/blue/1", Green: "targetgroup/green/1"}}
}

func scope() deploy.Scope { return deploy.Scope{Service: "shop", Environment: "staging"} }

func counts(blue, blueErrors, green, greenErrors int64) signal.Point {
	return signal.Point{Blue: deploy.Counted{Requests: blue, Errors: blueErrors}, Green: deploy.Counted{Requests: green, Errors: greenErrors}}
}

func same(t *testing.T, got []signal.Point, begin int, span time.Duration, want ...signal.Point) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d points %+v, want %d", len(got), got, len(want))
	}
	for i, point := range want {
		point.Start, point.Length = at(begin).Add(time.Duration(i)*span), span
		if got[i] != point {
			t.Errorf("point %d: got %+v, want %+v", i, got[i], point)
		}
	}
}

func TestApplicationCountsAndMissesNothingSilently(t *testing.T) {
	f := &fake{series: map[string]map[int]float64{
		"requests_blue":  {0: 100, 10: 90, 20: 80, 30: 70},
		"errors_blue":    {0: 1, 10: 0, 20: 0, 30: 0},
		"requests_green": {0: 10, 10: 0, 30: 7},
		"errors_green":   {0: 2, 10: 0, 30: 0},
	}}
	got, err := Source{f, byApplication()}.Counts(t.Context(), scope(), at(0), at(200))
	if err != nil {
		t.Fatal(err)
	}
	missing := signal.Point{Missing: true}
	// Green said nothing from 20 to 30: missing, and not zero. What ended 90 s ago and is not
	// there is missing; what may still come is left out.
	same(t, got, 0, 10*time.Second, counts(100, 1, 10, 2), counts(90, 0, 0, 0), missing, counts(70, 0, 7, 0),
		missing, missing, missing, missing, missing, missing, missing)
}

// TestACandidateIsCountedFromItsStart: the idle slot runs nothing and says nothing. That silence,
// although it is not long ago, must not hide what came after it.
func TestACandidateIsCountedFromItsStart(t *testing.T) {
	active := map[int]float64{0: 9, 10: 9, 20: 9, 30: 9, 40: 9, 50: 9}
	candidate := map[int]float64{20: 0, 30: 5, 50: 5}
	missing := signal.Point{Missing: true}
	for name, test := range map[string]struct {
		candidate map[int]float64
		want      []signal.Point
	}{
		"once it runs": {candidate, []signal.Point{missing, missing, counts(9, 9, 0, 0), counts(9, 9, 5, 5)}},
		"before":       {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{series: map[string]map[int]float64{"requests_blue": active, "errors_blue": active, "requests_green": test.candidate, "errors_green": test.candidate}}
			got, err := Source{f, byApplication()}.Counts(t.Context(), scope(), at(0), at(70))
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, 0, 10*time.Second, test.want...)
		})
	}
}

func TestLoadBalancerProvesThatItReported(t *testing.T) {
	f := &fake{series: map[string]map[int]float64{
		"reported":         {0: 110, 60: 50, 180: 5},
		"requests_blue":    {0: 100, 60: 50},
		"requests_green":   {0: 10, 180: 5},
		"errors_blue":      {0: 1},
		"errors_green":     {0: 2},
		"unanswered_green": {0: 3, 180: 9},
	}}
	got, err := Source{f, byLoadBalancer()}.Counts(t.Context(), scope(), at(0), at(600))
	if err != nil {
		t.Fatal(err)
	}
	// At 60 the whole was reported, so green had none. At 120 nothing was, so nothing is known.
	same(t, got, 0, time.Minute, counts(100, 1, 10, 5), counts(50, 0, 0, 0), signal.Point{Missing: true}, counts(0, 0, 5, 5), signal.Point{Missing: true})
}

func TestCountsTakesWholeSpansOnly(t *testing.T) {
	f := &fake{series: map[string]map[int]float64{}}
	for _, id := range []string{"requests_blue", "errors_blue", "requests_green", "errors_green"} {
		f.series[id] = map[int]float64{0: 1, 10: 1, 20: 1, 30: 1}
	}
	got, err := Source{f, byApplication()}.Counts(t.Context(), scope(), at(5), at(45))
	if err != nil || len(got) != 2 || !got[0].Start.Equal(at(10)) {
		t.Errorf("got %+v and error %v, want the spans from 10 to 30", got, err)
	}
	if !f.asked.StartTime.Equal(at(10)) || !f.asked.EndTime.Equal(at(30)) || *f.asked.MetricDataQueries[0].MetricStat.Period != 10 {
		t.Errorf("asked from %s until %s", f.asked.StartTime, f.asked.EndTime)
	}
	if got, err := (Source{f, byApplication()}).Counts(t.Context(), scope(), at(5), at(9)); err != nil || got != nil {
		t.Errorf("nothing whole: got %+v and error %v", got, err)
	}
}

func TestLongSeriesAreReadByTheMinute(t *testing.T) {
	f := &fake{}
	if _, err := (Source{f, byApplication()}).Counts(t.Context(), scope(), at(0), at(4*3600)); err != nil {
		t.Fatal(err)
	}
	if got := *f.asked.MetricDataQueries[0].MetricStat.Period; got != 60 {
		t.Errorf("got a period of %d s, want 60: finer points are kept for three hours", got)
	}
}

func TestCountsFailsRatherThanBeEmpty(t *testing.T) {
	for name, test := range map[string]struct {
		fake fake
		want fault.Class
	}{
		"throttled":      {fake{fail: &smithy.GenericAPIError{Code: "Throttling"}}, fault.Transient},
		"not allowed":    {fake{fail: &smithy.GenericAPIError{Code: "AccessDenied"}}, fault.Invalid},
		"internal error": {fake{status: types.StatusCodeInternalError}, fault.Transient},
		"partial data":   {fake{status: types.StatusCodePartialData}, fault.Transient},
		"forbidden":      {fake{status: types.StatusCodeForbidden}, fault.Invalid},
	} {
		_, err := Source{&test.fake, byApplication()}.Counts(t.Context(), scope(), at(0), at(600))
		if !fault.Is(err, test.want) || !strings.Contains(err.Error(), "cloudwatch:GetMetricData") && test.want == fault.Invalid {
			t.Errorf("%s: got error %v, want one of class %s", name, err, test.want)
		}
	}
}

func TestSourceOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	client, namespace := cloudwatch.NewFromConfig(cfg), awstest.Name("shop")
	begin := time.Now().UTC().Add(-10 * time.Minute).Truncate(time.Minute)
	for slot, values := range map[string][2]float64{"blue": {100, 1}, "green": {10, 2}} {
		for i, name := range []string{"Requests", "Errors"} {
			var dimensions []types.Dimension
			for dimension, value := range map[string]string{"Service": "shop", "Environment": "staging", "Slot": slot} {
				dimensions = append(dimensions, types.Dimension{Name: aws.String(dimension), Value: aws.String(value)})
			}
			_, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String(namespace), MetricData: []types.MetricDatum{{
				MetricName: aws.String(name), Dimensions: dimensions, Timestamp: aws.Time(begin.Add(3 * time.Second)), Value: aws.Float64(values[i]), StorageResolution: aws.Int32(1),
			}}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := New(cfg, places{Source: place.SourceApplication, Namespace: namespace}).Counts(t.Context(), scope(), begin, begin.Add(5*time.Minute))
	if err != nil || len(got) < 2 {
		t.Fatalf("got %d points and error %v", len(got), err)
	}
	want := counts(100, 1, 10, 2)
	want.Start, want.Length = begin, 10*time.Second
	if got[0] != want || !got[1].Missing {
		t.Errorf("got %+v and %+v, want %+v and a missing one", got[0], got[1], want)
	}
}
