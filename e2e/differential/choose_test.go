package differential

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// walked is a plan whose execution goes through states of the deploy machine. The answer of its
// only function makes it differ from others.
func walked(id, answer string, states ...string) Recorded {
	return Recorded{Plan{ID: id, Name: "plan " + id}, Trace{{
		Key: Key{"deploy", id}, Status: "SUCCEEDED", Path: states,
		Calls: []Call{{Payload: json.RawMessage(`"` + id + `"`), Reply: Reply{Answer: json.RawMessage(answer)}}},
	}}}
}

func names(plans []Recorded) []string {
	var found []string
	for _, r := range plans {
		found = append(found, r.Plan.ID)
	}
	return found
}

func TestChooseFewTakesEveryTransitionOnce(t *testing.T) {
	short, long := walked("p1", "1", "Begin", "Plan"), walked("p2", "2", "Begin", "Plan", "Lock")
	same, other := walked("p3", "3", "Begin", "Plan"), walked("p4", "4", "Begin", "Record")
	always, failing := walked("p5", "5", "Begin", "Plan"), walked("p6", "6", "Begin", "Plan")
	always.Plan.Always, failing.Plan.Shows = true, "dies in {}"
	choice, err := Choose([]Recorded{short, long, same, other, always, failing}, Few)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(choice.Plans), []string{"p2", "p4", "p5", "p6"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := fmt.Sprint(choice.Omitted); !strings.Contains(got, "[plan p1 plan p3]") {
		t.Errorf("got omitted %s, want p1 and p3", got)
	}
}

func TestChooseMergesWhatIsToldTheSame(t *testing.T) {
	first, again := walked("p1", `"of p1"`, "Begin", "Plan"), walked("p2", `"of p2"`, "Begin", "Plan")
	otherwise := walked("p3", `"of nobody"`, "Begin", "Plan")
	again.Trace = append(again.Trace, walked("p2", "2", "Begin", "Lock").Trace...)
	again.Trace[1].Name = "p2-back"
	choice, err := Choose([]Recorded{first, again, otherwise}, All)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(choice.Plans); got != 3 || choice.Repeated != 1 || len(choice.Plans[1].Trace) != 1 {
		t.Errorf("got %d plans, %d executions repeated, the second plan %v; want 3, 1, and the way back alone", got, choice.Repeated, choice.Plans[1].Trace)
	}
	if choice.Plans[0].Trace[0].Calls[0].Payload == nil {
		t.Error("the payloads are gone")
	}
}

func TestChooseLeavesOutWhatIsTooLongOrLacking(t *testing.T) {
	endless := walked("p1", "1", slices.Repeat([]string{"Lock"}, maxStates+1)...)
	choice, err := Choose([]Recorded{endless, walked("p2", "2", "Begin")}, "plan p[12]")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(choice.Plans); !slices.Equal(got, []string{"p2"}) || len(choice.Omitted) != 1 {
		t.Errorf("got plans %q and omitted %v, want p2 and one", got, choice.Omitted)
	}
	found := map[Spot]state{{"deploy", "Build"}: {Type: "Task", Resource: "arn:aws:states:::codebuild:startBuild.sync"}, {"deploy", "Plan"}: {Type: "Task", Resource: invoke}}
	if got := lacking(found, walked("p1", "1", "Plan", "Build").Trace); got != "codebuild:startBuild.sync" {
		t.Errorf("got %q lacking, want codebuild:startBuild.sync", got)
	}
	if got := lacking(found, walked("p1", "1", "Plan").Trace); got != "" {
		t.Errorf("got %q lacking, want nothing", got)
	}
	if _, err := Choose(nil, "("); err == nil {
		t.Error("a broken expression: got no error")
	}
}
