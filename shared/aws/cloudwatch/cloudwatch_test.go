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
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/signal"
)

// fake is series by query, by seconds since midnight, given one result a page.
type fake struct {
	series map[string]map[int]float64
	status types.StatusCode
	fail   error
	// asked are the periods, in seconds, by when what was asked for begins.
	asked map[int]int32
	// namespace is that of the first query.
	namespace string
}

func midnight() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }

func at(second int) time.Time { return midnight().Add(time.Duration(second) * time.Second) }

func (f *fake) GetMetricData(_ context.Context, input *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	if f.asked == nil {
		f.asked = map[int]int32{}
	}
	begin, end := int(input.StartTime.Sub(midnight()).Seconds()), int(input.EndTime.Sub(midnight()).Seconds())
	period := *input.MetricDataQueries[0].MetricStat.Period
	f.asked[begin], f.namespace = period, *input.MetricDataQueries[0].MetricStat.Metric.Namespace
	if f.fail != nil {
		return nil, f.fail
	}
	i, _ := strconv.Atoi(aws.ToString(input.NextToken))
	id := *input.MetricDataQueries[i].Id
	sums := map[int]float64{}
	for second, value := range f.series[id] {
		if second >= begin && second < end {
			sums[second-second%int(period)] += value
		}
	}
	result := types.MetricDataResult{Id: aws.String(id), StatusCode: f.status}
	for second, value := range sums {
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

// shop has the names of both sources, as every place.
func shop() places {
	return places{Namespace: "Shop", LoadBalancer: "app/shop/1", TargetGroups: place.Slots{Blue: "targetgroup/blue/1", Green: "targetgroup/green/1"}}
}

func scope() deploy.Scope { return deploy.Scope{Service: "shop", Environment: "staging"} }

func counts(blue, blueErrors, green, greenErrors int64) signal.Point {
	return signal.Point{Blue: deploy.Counted{Requests: blue, Errors: blueErrors}, Green: deploy.Counted{Requests: green, Errors: greenErrors}}
}

// ask is Counts at the second to.
func ask(t *testing.T, f *fake, by string, from, to int) ([]signal.Point, error) {
	t.Helper()
	return Source{f, shop(), func() time.Time { return at(to) }}.Counts(t.Context(), scope(), by, at(from), at(to))
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
	got, err := ask(t, f, deploy.SourceApplication, 0, 200)
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
			got, err := ask(t, f, deploy.SourceApplication, 0, 70)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, 0, 10*time.Second, test.want...)
		})
	}
}

// minutes are what a load balancer says, minute by minute from midnight: whether it reported how many
// targets of blue and green are healthy, and what it counted.
type minute struct {
	blue, green bool
	series      map[string]float64
}

func minutes(told ...minute) *fake {
	f := &fake{series: map[string]map[int]float64{}}
	say := func(id string, at int, value float64) {
		if f.series[id] == nil {
			f.series[id] = map[int]float64{}
		}
		f.series[id][60*at] = value
	}
	for i, one := range told {
		if one.blue {
			say("healthy_blue", i, 2)
		}
		if one.green {
			say("healthy_green", i, 0)
		}
		for id, value := range one.series {
			say(id, i, value)
		}
	}
	return f
}

// TestAMinuteOfTheLoadBalancerIsCountedQuietOrLost: a minute is asked for a minute after its end, and
// is known to be lost five minutes after it.
func TestAMinuteOfTheLoadBalancerIsCountedQuietOrLost(t *testing.T) {
	busy := minute{true, true, map[string]float64{
		"reported": 110, "requests_blue": 100, "requests_green": 10, "errors_blue": 1, "errors_green": 2, "unanswered_green": 3,
	}}
	quiet, lost := minute{blue: true, green: true}, minute{}
	missing := signal.Point{Missing: true}
	for name, test := range map[string]struct {
		told []minute
		to   int
		want []signal.Point
	}{
		"requests":                             {[]minute{busy}, 120, []signal.Point{counts(100, 1, 10, 5)}},
		"not yet settled":                      {[]minute{busy, busy}, 179, []signal.Point{counts(100, 1, 10, 5)}},
		"nobody asked":                         {[]minute{quiet, busy, quiet}, 240, []signal.Point{counts(0, 0, 0, 0), counts(100, 1, 10, 5), counts(0, 0, 0, 0)}},
		"nobody asked, and only one slot runs": {[]minute{{blue: true}, {green: true}}, 180, []signal.Point{counts(0, 0, 0, 0), counts(0, 0, 0, 0)}},
		"one side was not asked":               {[]minute{{true, true, map[string]float64{"reported": 50, "requests_blue": 50}}}, 120, []signal.Point{counts(50, 0, 0, 0)}},
		"no target was healthy":                {[]minute{{false, false, map[string]float64{"reported": 5}}}, 120, []signal.Point{counts(0, 0, 0, 0)}},
		"more retries than requests":           {[]minute{{true, true, map[string]float64{"reported": 5, "requests_green": 5, "unanswered_green": 9}}}, 120, []signal.Point{counts(0, 0, 5, 5)}},
		"still on its way":                     {[]minute{busy, lost}, 419, []signal.Point{counts(100, 1, 10, 5)}},
		"still on its way, and those after it": {[]minute{busy, lost, busy}, 419, []signal.Point{counts(100, 1, 10, 5)}},
		"lost, and never zero":                 {[]minute{busy, lost, busy, lost}, 420, []signal.Point{counts(100, 1, 10, 5), missing, counts(100, 1, 10, 5)}},
		"came late after all":                  {[]minute{busy, quiet, busy, busy}, 420, []signal.Point{counts(100, 1, 10, 5), counts(0, 0, 0, 0), counts(100, 1, 10, 5), counts(100, 1, 10, 5)}},
		"a load balancer that says nothing":    {nil, 419, []signal.Point{missing}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, minutes(test.told...), deploy.SourceBalancer, 0, test.to)
			if err != nil {
				t.Fatal(err)
			}
			if len(test.told) > 0 && test.to >= 420 {
				got = got[:min(len(got), len(test.want))] // what is not told here is on its way
			}
			same(t, got, 0, time.Minute, test.want...)
		})
	}
}

// TestThePlanSaysWhoCounts: of one and the same place either source is asked, by the pace that bakes and
// extensions were made for.
func TestThePlanSaysWhoCounts(t *testing.T) {
	every := map[int]float64{}
	for second := range 600 {
		every[second] = 1
	}
	for name, test := range map[string]struct {
		by     string
		period int32
		about  string
	}{
		"the load balancer":              {deploy.SourceBalancer, 60, "AWS/ApplicationELB"},
		"the service":                    {deploy.SourceApplication, 10, "Shop"},
		"from before there was a choice": {"", 60, "AWS/ApplicationELB"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{series: map[string]map[int]float64{
				"reported": every, "requests_blue": every, "errors_blue": every, "requests_green": every, "errors_green": every,
			}}
			got, err := ask(t, f, test.by, 0, 600)
			if err != nil || len(got) == 0 || got[0].Length != time.Duration(test.period)*time.Second {
				t.Fatalf("got %+v and error %v, want points of %d s", got, err, test.period)
			}
			if f.asked[0] != test.period || f.namespace != test.about {
				t.Errorf("asked %q by %d s, want %q by %d", f.namespace, f.asked[0], test.about, test.period)
			}
		})
	}
}

// TestAPlaceWithoutANamespaceSaysSo: one from before services could count themselves. The load balancer
// is asked as ever.
func TestAPlaceWithoutANamespaceSaysSo(t *testing.T) {
	p := shop()
	p.Namespace = ""
	source := Source{&fake{}, p, func() time.Time { return at(600) }}
	_, err := source.Counts(t.Context(), scope(), deploy.SourceApplication, at(0), at(600))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "/pilotage/shop/staging/place is missing; deploy the environment's stack again") {
		t.Errorf("got error %v, want one of class Invalid that says what to deploy", err)
	}
	if _, err := source.Counts(t.Context(), scope(), deploy.SourceBalancer, at(0), at(600)); err != nil {
		t.Error(err)
	}
}

func TestCountsTakesWholeSpansOnly(t *testing.T) {
	f := &fake{series: map[string]map[int]float64{}}
	for _, id := range []string{"requests_blue", "errors_blue", "requests_green", "errors_green"} {
		f.series[id] = map[int]float64{0: 1, 10: 1, 20: 1, 30: 1}
	}
	got, err := ask(t, f, deploy.SourceApplication, 5, 45)
	if err != nil || len(got) != 2 || !got[0].Start.Equal(at(10)) {
		t.Errorf("got %+v and error %v, want the spans from 10 to 30", got, err)
	}
	if f.asked[10] != 10 || len(f.asked) != 1 {
		t.Errorf("asked by begin and period %v", f.asked)
	}
	if got, err := ask(t, f, deploy.SourceApplication, 5, 9); err != nil || got != nil {
		t.Errorf("nothing whole: got %+v and error %v", got, err)
	}
}

// TestWhatIsOldIsReadByTheMinute: finer points are kept for three hours, and a step that begins late in
// a long shift is measured as finely as any.
func TestWhatIsOldIsReadByTheMinute(t *testing.T) {
	const now, long = 4 * 3600, 4*3600 - 170*60
	every := map[int]float64{}
	for second := 0; second < now; second++ {
		every[second] = 1
	}
	f := &fake{series: map[string]map[int]float64{"requests_blue": every, "errors_blue": every, "requests_green": every, "errors_green": every}}
	got, err := ask(t, f, deploy.SourceApplication, 30, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.asked) != 2 || f.asked[60] != 60 || f.asked[long] != 10 {
		t.Errorf("asked by begin and period %v, want a minute from 60 and 10 s from %d", f.asked, long)
	}
	next := at(60)
	for _, point := range got {
		if !point.Start.Equal(next) || point.Missing || point.Blue.Requests != int64(point.Length.Seconds()) {
			t.Fatalf("got %+v, want one without a gap from %s", point, next)
		}
		next = point.Start.Add(point.Length)
	}
	if want := at(now - 10); !next.Equal(want) {
		t.Errorf("the series ends at %s, want %s", next, want)
	}
	// The minute before a shift that began hours ago.
	before, err := Source{f, shop(), func() time.Time { return at(now) }}.Counts(t.Context(), scope(), deploy.SourceApplication, at(60), at(120))
	if err != nil || len(before) != 1 || before[0].Blue.Requests != 60 {
		t.Errorf("before the shift: got %+v and error %v, want a minute", before, err)
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
		_, err := ask(t, &test.fake, deploy.SourceApplication, 0, 600)
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
			// CloudWatch knows no order of dimensions; emulations may.
			for _, one := range [][2]string{{"Service", "shop"}, {"Environment", "staging"}, {"Slot", slot}} {
				dimensions = append(dimensions, types.Dimension{Name: aws.String(one[0]), Value: aws.String(one[1])})
			}
			_, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String(namespace), MetricData: []types.MetricDatum{{
				MetricName: aws.String(name), Dimensions: dimensions, Timestamp: aws.Time(begin.Add(3 * time.Second)), Value: aws.Float64(values[i]), StorageResolution: aws.Int32(1),
			}}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := New(cfg, places{Namespace: namespace}, clock.System{}).Counts(t.Context(), scope(), deploy.SourceApplication, begin, begin.Add(5*time.Minute))
	if err != nil || len(got) < 2 {
		t.Fatalf("got %d points and error %v", len(got), err)
	}
	want := counts(100, 1, 10, 2)
	want.Start, want.Length = begin, 10*time.Second
	if got[0] != want || !got[1].Missing {
		t.Errorf("got %+v and %+v, want %+v and a missing one", got[0], got[1], want)
	}
}
