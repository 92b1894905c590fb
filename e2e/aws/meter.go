package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/pilotage/pilotage/shared/deploy"
)

// span is the resolution at which the pipeline reads the service's own counters, and grace is how
// long after its end a span is counted: requests under way are counted when they are answered.
const (
	span  = 10 * time.Second
	grace = time.Second
)

// meter puts the router's counters into CloudWatch, as the service's own embedded metrics would
// come: every ten seconds, zeros included, from slots that run something.
func (w *world) meter(ctx context.Context, p *plane) {
	api := cloudwatch.NewFromConfig(w.throughProxy())
	for next := time.Now().UTC().Truncate(span); ctx.Err() == nil; {
		if time.Since(next) <= span+grace {
			waitABit(ctx, 300*time.Millisecond)
			continue
		}
		if values := p.counted(next); len(values) > 0 {
			_, err := api.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String(service), MetricData: values})
			p.fail(ctx, err)
		}
		next = next.Add(span)
	}
}

// counted is what the slots answered within one span.
func (p *plane) counted(from time.Time) []types.MetricDatum {
	var values []types.MetricDatum
	for _, slot := range deploy.Slots() {
		if p.slots[slot].now().count == 0 {
			continue
		}
		var requests, failed float64
		for _, second := range p.router.Counts(string(slot), from, from.Add(span)) {
			requests += float64(second.Requests)
			failed += float64(second.Failed())
		}
		dimensions := []types.Dimension{
			{Name: aws.String("Service"), Value: aws.String(service)}, {Name: aws.String("Environment"), Value: aws.String(p.name)}, {Name: aws.String("Slot"), Value: aws.String(string(slot))},
		}
		for name, value := range map[string]float64{"Requests": requests, "Errors": failed} {
			values = append(values, types.MetricDatum{
				MetricName: aws.String(name), Dimensions: dimensions, Timestamp: aws.Time(from), Value: aws.Float64(value), StorageResolution: aws.Int32(1),
			})
		}
	}
	return values
}
