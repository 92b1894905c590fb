package asl_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/pilotage/pilotage/local/asl"
)

// pipeline has fourteen states and shifts traffic in a loop, as a deployment does.
const pipeline = `{"QueryLanguage":"JSONata","StartAt":"Validate","States":{
	"Validate":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":{"id":"{% $states.input.id %}"}},"Assign":{"input":"{% $states.input %}","shifted":[]},"Next":"Plan"},
	"Plan":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $input %}"},"Assign":{"plan":"{% $states.result.Payload %}","step":0},"Next":"Lock"},
	"Lock":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan %}"},"Output":"{% $states.input %}","Next":"Backup"},
	"Backup":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan %}"},"Next":"Ready"},
	"Ready":{"Type":"Choice","Choices":[{"Condition":"{% $exists($plan.weights) %}","Next":"Release"}],"Default":"Pause"},
	"Pause":{"Type":"Wait","Seconds":5,"Next":"Backup"},
	"Release":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan %}"},"Next":"Migrate"},
	"Migrate":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan %}"},"Next":"Shift"},
	"Shift":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan.weights[$step] %}"},"Assign":{"shifted":"{% $append($shifted, [$states.result.Payload]) %}","step":"{% $step + 1 %}"},"Next":"More"},
	"More":{"Type":"Choice","Choices":[{"Condition":"{% $step < $count($plan.weights) %}","Next":"Shift"}],"Default":"Verify"},
	"Verify":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan %}"},"Next":"Record"},
	"Record":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $plan %}"},"Next":"Unlock"},
	"Unlock":{"Type":"Pass","Output":{"id":"{% $plan.id %}","shifted":"{% $shifted %}"},"Next":"Succeeded"},
	"Succeeded":{"Type":"Succeed"}}}`

func BenchmarkExecution(b *testing.B) {
	m, err := asl.Parse([]byte(pipeline))
	if err != nil {
		b.Fatal(err)
	}
	e := &asl.Engine{
		Invoke: func(_ context.Context, _ string, payload json.RawMessage) (json.RawMessage, error) {
			return payload, nil
		},
	}
	define(b, e, "m", m)
	b.ReportAllocs()
	for b.Loop() {
		arn, err := e.Start(b.Context(), "m", "", json.RawMessage(`{"id":1,"weights":[1,5,25,50,100]}`))
		if err != nil {
			b.Fatal(err)
		}
		if got, err := e.Wait(b.Context(), arn); err != nil || got.Status != asl.StatusSucceeded {
			b.Fatalf("%+v, %v", got, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := asl.Parse([]byte(pipeline)); err != nil {
			b.Fatal(err)
		}
	}
}
