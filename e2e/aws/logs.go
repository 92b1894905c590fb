package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// deliverEvery is how often the log driver of ECS sends what tasks wrote.
const deliverEvery = 5 * time.Second

// kept is the resolution at which values are put into the emulation, which looks at every one of
// them at every question: that at which the pipeline reads them.
const kept = 10 * time.Second

// logs are what CloudWatch Logs would make of the output of tasks: sums of the metrics that are
// embedded in it, by metric and time.
type logs struct {
	mu   sync.Mutex
	sums map[datum]float64
}

// datum names one value. Dimensions are "name=value", joined by newlines, in the order in which the
// service writes them: CloudWatch knows none, but the emulation finds only what is asked in the same.
type datum struct {
	namespace, name, dimensions string
	at                          time.Time
}

// output is the standard output of one task.
type output struct {
	logs *logs
	rest []byte
}

// Write takes lines, of which the last may go on in the next call.
func (o *output) Write(p []byte) (int, error) {
	o.rest = append(o.rest, p...)
	for {
		line, rest, whole := bytes.Cut(o.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		o.logs.extract(line)
		o.rest = rest
	}
}

// extract adds what a line says in the embedded metric format. Other lines are for people.
func (l *logs) extract(line []byte) {
	var about struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	var values map[string]any
	if json.Unmarshal(line, &about) != nil || json.Unmarshal(line, &values) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sums == nil {
		l.sums = map[datum]float64{}
	}
	for _, directive := range about.AWS.CloudWatchMetrics {
		for _, names := range directive.Dimensions {
			var dimensions []string
			for _, name := range names {
				text, _ := values[name].(string)
				dimensions = append(dimensions, name+"="+text)
			}
			for _, metric := range directive.Metrics {
				if value, is := values[metric.Name].(float64); is {
					at := time.UnixMilli(about.AWS.Timestamp).UTC().Truncate(kept)
					l.sums[datum{directive.Namespace, metric.Name, strings.Join(dimensions, "\n"), at}] += value
				}
			}
		}
	}
}

// take is what was extracted since it was last taken, by namespace.
func (l *logs) take() map[string][]types.MetricDatum {
	l.mu.Lock()
	sums := l.sums
	l.sums = nil
	l.mu.Unlock()
	values := map[string][]types.MetricDatum{}
	for one, sum := range sums {
		var dimensions []types.Dimension
		for text := range strings.SplitSeq(one.dimensions, "\n") {
			name, value, _ := strings.Cut(text, "=")
			dimensions = append(dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(value)})
		}
		values[one.namespace] = append(values[one.namespace], types.MetricDatum{
			MetricName: aws.String(one.name), Dimensions: dimensions, Timestamp: aws.Time(one.at), Value: aws.Float64(sum), StorageResolution: aws.Int32(1),
		})
	}
	return values
}

// deliver puts what an environment's tasks wrote into CloudWatch, again and again.
func (w *world) deliver(ctx context.Context, p *plane) {
	api := cloudwatch.NewFromConfig(w.throughProxy())
	for ctx.Err() == nil {
		for namespace, values := range p.logs.take() {
			_, err := api.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String(namespace), MetricData: values})
			p.fail(ctx, err)
		}
		waitABit(ctx, deliverEvery)
	}
}
