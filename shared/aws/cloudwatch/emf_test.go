package cloudwatch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/examples/runningapp/metrics"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/signal"
)

// store is CloudWatch as far as it matters here: what it extracts from lines in the embedded metric
// format, by namespace, name and dimensions, it sums for who asks by the same.
type store map[string]map[time.Time]float64

func metricKey(namespace, name string, dimensions []string) string {
	slices.Sort(dimensions)
	return namespace + " " + name + " " + strings.Join(dimensions, ",")
}

// extract takes in the lines of an output.
func (s store) extract(t *testing.T, output string) {
	t.Helper()
	for text := range strings.Lines(output) {
		var about struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct {
						Name              string
						StorageResolution int
					}
				}
			} `json:"_aws"`
		}
		var values map[string]any
		for _, into := range []any{&about, &values} {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		at := time.UnixMilli(about.AWS.Timestamp).UTC()
		for _, directive := range about.AWS.CloudWatchMetrics {
			for _, names := range directive.Dimensions {
				var dimensions []string
				for _, name := range names {
					dimensions = append(dimensions, fmt.Sprintf("%s=%v", name, values[name]))
				}
				for _, metric := range directive.Metrics {
					key, resolution := metricKey(directive.Namespace, metric.Name, dimensions), time.Minute
					if metric.StorageResolution == 1 {
						resolution = time.Second
					}
					if s[key] == nil {
						s[key] = map[time.Time]float64{}
					}
					s[key][at.Truncate(resolution)] += values[metric.Name].(float64)
				}
			}
		}
	}
}

func (s store) GetMetricData(_ context.Context, input *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	answer := &cloudwatch.GetMetricDataOutput{}
	for _, query := range input.MetricDataQueries {
		var dimensions []string
		for _, one := range query.MetricStat.Metric.Dimensions {
			dimensions = append(dimensions, *one.Name+"="+*one.Value)
		}
		sums := map[time.Time]float64{}
		for at, value := range s[metricKey(*query.MetricStat.Metric.Namespace, *query.MetricStat.Metric.MetricName, dimensions)] {
			if !at.Before(*input.StartTime) && at.Before(*input.EndTime) {
				sums[at.Truncate(time.Duration(*query.MetricStat.Period)*time.Second)] += value
			}
		}
		result := types.MetricDataResult{Id: query.Id, StatusCode: types.StatusCodeComplete}
		for at, value := range sums {
			result.Timestamps, result.Values = append(result.Timestamps, at), append(result.Values, value)
		}
		answer.MetricDataResults = append(answer.MetricDataResults, result)
	}
	return answer, nil
}

// TestWhatTheExampleWritesIsWhatIsRead: the example's own lines, through the format, to the counts. It
// is told where to write by the variables that task definitions have.
func TestWhatTheExampleWritesIsWhatIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/failed" {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		var out [2]bytes.Buffer
		var slots [2]http.Handler
		var stops [2]func()
		for i, slot := range deploy.Slots() {
			meter, err := metrics.Read(t.Context(), envconfig.MapLookuper(map[string]string{
				place.VariableNamespace: place.Namespace, place.VariableService: scope().Service,
				place.VariableEnvironment: scope().Environment, place.VariableSlot: string(slot),
			}), metrics.By{Release: "1.1.0"})
			if err != nil || meter == nil {
				t.Fatalf("got the meter %v and error %v", meter, err)
			}
			slots[i], stops[i] = meter.Around(handler), meter.Start(&out[i])
		}
		ask := func(slot int, path string) {
			slots[slot].ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		}
		begin := time.Now()
		for range 15 {
			ask(0, "/")
			time.Sleep(time.Second)
		}
		ask(1, "/failed")
		ask(1, "/")
		time.Sleep(5 * time.Second)
		stops[0]()
		stops[1]()
		s := store{}
		s.extract(t, out[0].String()+out[1].String())
		now := time.Now().Add(signal.PaceOf(deploy.SourceApplication).Settle)
		source := Source{s, places{Namespace: place.Namespace}, func() time.Time { return now }}
		got, err := source.Counts(t.Context(), scope(), deploy.SourceApplication, begin, now)
		if err != nil {
			t.Fatal(err)
		}
		want := []signal.Point{counts(10, 0, 0, 0), counts(5, 0, 2, 1)}
		if len(got) != len(want) {
			t.Fatalf("got %+v, want two points", got)
		}
		for i, point := range want {
			point.Start, point.Length = begin.UTC().Add(time.Duration(i)*10*time.Second), 10*time.Second
			if got[i] != point {
				t.Errorf("got %+v, want %+v", got[i], point)
			}
		}
	})
}

// TestQueriesNameWhatIsDocumented: the words of docs/analysis.md, by which services are written.
func TestQueriesNameWhatIsDocumented(t *testing.T) {
	m := application(scope(), place.Metrics{Namespace: place.Namespace}, 10*time.Second)
	var got []string
	for _, query := range m.queries {
		metric := query.MetricStat.Metric
		text := aws.ToString(metric.Namespace) + "/" + aws.ToString(metric.MetricName)
		for _, one := range metric.Dimensions {
			text += " " + aws.ToString(one.Name) + "=" + aws.ToString(one.Value)
		}
		got = append(got, text)
	}
	want := []string{
		"Pilotage/Requests Service=shop Environment=staging Slot=blue", "Pilotage/Errors Service=shop Environment=staging Slot=blue",
		"Pilotage/Requests Service=shop Environment=staging Slot=green", "Pilotage/Errors Service=shop Environment=staging Slot=green",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
