package asl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/pilotage/pilotage/local/asl"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the goldens anew")
	os.Exit(m.Run())
}

// TestHistoryHasAWSsShape compares whole histories with goldens: names, ids and details of every
// kind of event. Run it with -update after a change that was meant.
func TestHistoryHasAWSsShape(t *testing.T) {
	const golden = "testdata/history.golden.json"
	var history []asl.HistoryEvent
	e := &asl.Engine{
		NewID: func() string { return "id" },
		Invoke: func(context.Context, string, json.RawMessage) (json.RawMessage, error) {
			return nil, asl.LambdaFailure("X", "sad")
		},
	}
	const states = `{
		"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":60,"HeartbeatSeconds":5,"Arguments":{"FunctionName":"f","Payload":{"n":1}},
			"Retry":[{"ErrorEquals":["X"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["X"],"Assign":{"e":"{% $states.errorOutput.Error %}"},"Next":"B"}],"End":true},
		"B":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Arguments":{"StateMachineArn":"inner"},"Output":5,"Next":"C"},
		"C":{"Type":"Map","Items":[1],"ItemProcessor":{"StartAt":"D","States":{"D":{"Type":"Wait","Seconds":1,"End":true}}},"Next":"E"},
		"E":{"Type":"Parallel","Branches":[{"StartAt":"F","States":{"F":{"Type":"Pass","End":true}}}],"Next":"G"},
		"G":{"Type":"Pass","Output":"{% $absent %}","End":true}}`
	bubble(t, e, states, func(t *testing.T) {
		define(t, e, "inner", parse(t, fast))
		arn := start(t, e, "m", "x", "")
		if _, err := e.Wait(t.Context(), arn); err != nil {
			t.Error(err)
		}
		var err error
		if history, err = e.History(t.Context(), arn); err != nil {
			t.Error(err)
		}
	})
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(history); err != nil {
		t.Fatal(err)
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s", got.Bytes())
	}
}
