package router_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

func TestRulesAreTriedByPriorityAndConditions(t *testing.T) {
	r := start(t, router.Config{})
	must(t, r.ModifyRule(router.DefaultRule, router.Change{Action: router.Respond(200, "", "default")}))
	add := func(id string, priority int, conditions ...router.Condition) {
		must(t, r.CreateRule(router.Rule{
			ID: id, Priority: priority, Conditions: conditions, Action: router.Respond(200, "", id),
		}))
	}
	add("late", 300, router.Path("/api/*"))
	add("probe", 100, router.Header("x-Pilotage-Probe", "Green-*", "blue?"))
	add("both", 200, router.Path("/api/v?"), router.Header("X-Beta", "yes"))

	for _, c := range []struct {
		name, path string
		header     []string
		want       string
	}{
		{"nothing matches", "/", nil, "default"},
		{"path", "/api/x/y", nil, "late"},
		{"path minds the case", "/API/x", nil, "default"},
		{"path without query", "/x?y=/api/z", nil, "default"},
		{"header value ignores the case", "/", []string{"X-PILOTAGE-PROBE", "gReEn-1"}, "probe"},
		{"second value", "/", []string{"X-Pilotage-Probe", "blue2"}, "probe"},
		{"header value in full", "/", []string{"X-Pilotage-Probe", "blue22"}, "default"},
		{"lowest number first", "/api/v1", []string{"X-Beta", "yes", "X-Pilotage-Probe", "green-"}, "probe"},
		{"all conditions", "/api/v1", []string{"X-Beta", "YES"}, "both"},
		{"one condition of two", "/api/v1", []string{"X-Beta", "no"}, "late"},
	} {
		if _, got := get(t, r.URL()+c.path, c.header...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	var order []string
	for _, rule := range r.DescribeRules() {
		order = append(order, rule.ID)
	}
	if got, want := strings.Join(order, " "), "probe both late default"; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
	must(t, r.DeleteRule("probe"))
	if _, got := get(t, r.URL(), "X-Pilotage-Probe", "blue2"); got != "default" {
		t.Errorf("after deletion: got %q", got)
	}
}

func TestFixedResponse(t *testing.T) {
	r := start(t, router.Config{})
	if status, _ := get(t, r.URL()); status != http.StatusServiceUnavailable {
		t.Errorf("status %d before a default action is set", status)
	}
	must(t, r.ModifyRule(router.DefaultRule, router.Change{
		Action: router.Respond(404, "application/json", `{"no":1}`),
	}))
	res, err := http.Get(r.URL())
	must(t, err)
	_ = res.Body.Close()
	if got := res.Header.Get("Content-Type"); res.StatusCode != 404 || got != "application/json" {
		t.Errorf("got %d %q", res.StatusCode, got)
	}
	if got := r.Totals(router.NoGroup); got.Status4xx != 1 || got.Status5xx != 1 || got.Requests != 2 {
		t.Errorf("totals %+v", got)
	}
}

func TestRulesAreRefusedWithTheReason(t *testing.T) {
	good := router.Rule{
		ID: "new", Priority: 7, Conditions: []router.Condition{router.Path("/x")},
		Action: router.Forward(to("blue", 1)),
	}
	long := strings.Repeat("x", 129)
	for _, c := range []struct {
		name   string
		spoil  func(*router.Rule)
		code   router.Code
		reason string
	}{
		{"priority 0", func(r *router.Rule) { r.Priority = 0 }, router.ValidationError, "1 to 50000"},
		{"priority too high", func(r *router.Rule) { r.Priority = 50001 }, router.ValidationError, "50001"},
		{"priority taken", func(r *router.Rule) { r.Priority = 5 }, router.PriorityInUse, `"old"`},
		{"ID taken", func(r *router.Rule) { r.ID = "old" }, router.RuleExists, "old"},
		{"no ID", func(r *router.Rule) { r.ID = "" }, router.ValidationError, "ID"},
		{"no conditions", func(r *router.Rule) { r.Conditions = nil }, router.ValidationError, "at least one"},
		{"two paths", conditions(router.Path("/a"), router.Path("/b")), router.ValidationError, "at most one"},
		{"four values", conditions(router.Path("/a", "/b", "/c", "/d")), router.ValidationError, "1 to 3"},
		{"no value", conditions(router.Path()), router.ValidationError, "1 to 3"},
		{"six values", conditions(router.Header("A", "1", "2", "3"), router.Header("B", "1", "2", "3")), router.ValidationError, "at most 5"},
		{"empty value", conditions(router.Path("")), router.ValidationError, "128"},
		{"long value", conditions(router.Path(long)), router.ValidationError, "128"},
		{"path character", conditions(router.Path("/a b")), router.ValidationError, "allow"},
		{"header wildcard", conditions(router.Header("X-*", "a")), router.ValidationError, "wildcard"},
		{"header character", conditions(router.Header("X Y", "a")), router.ValidationError, "character"},
		{"header Host", conditions(router.Header("host", "a")), router.ValidationError, "host-header"},
		{"header too long", conditions(router.Header(long, "a")), router.ValidationError, "40"},
		{"path with name", conditions(router.Condition{Field: router.PathPattern, Name: "X", Values: []string{"/"}}), router.ValidationError, "header name"},
		{"other field", conditions(router.Condition{Field: "source-ip", Values: []string{"1"}}), router.ValidationError, "source-ip"},
		{"no action", action(router.Action{}), router.ValidationError, "1 to 5"},
		{"six groups", action(router.Forward(to("1", 0), to("2", 0), to("3", 0), to("4", 0), to("5", 0), to("6", 0))), router.ValidationError, "1 to 5"},
		{"weight 1000", action(router.Forward(to("blue", 1000))), router.ValidationError, "0 to 999"},
		{"weight below 0", action(router.Forward(to("blue", -1))), router.ValidationError, "0 to 999"},
		{"group twice", action(router.Forward(to("blue", 1), to("blue", 2))), router.ValidationError, "twice"},
		{"unknown group", action(router.Forward(to("red", 1))), router.TargetGroupNotFound, "red"},
		{"both actions", action(router.Action{Forward: good.Action.Forward, Fixed: &router.FixedResponse{Status: 200}}), router.ValidationError, "not both"},
		{"status 302", action(router.Respond(302, "", "")), router.ValidationError, "302"},
		{"content type", action(router.Respond(200, "image/png", "")), router.ValidationError, "image/png"},
		{"body", action(router.Respond(200, "", strings.Repeat("x", 1025))), router.ValidationError, "1024"},
	} {
		r := router.New(router.Config{})
		addGroup(t, r, "blue")
		must(t, r.CreateRule(router.Rule{
			ID: "old", Priority: 5, Conditions: good.Conditions, Action: good.Action,
		}))
		rule := good
		c.spoil(&rule)
		err := r.CreateRule(rule)
		if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: got %v, want %s with %q", c.name, err, c.code, c.reason)
		}
		if got := len(r.DescribeRules()); got != 2 {
			t.Errorf("%s: %d rules after the refusal", c.name, got)
		}
	}
}

func conditions(c ...router.Condition) func(*router.Rule) {
	return func(r *router.Rule) { r.Conditions = c }
}

func action(a router.Action) func(*router.Rule) {
	return func(r *router.Rule) { r.Action = a }
}

func TestTheDefaultRuleStays(t *testing.T) {
	r := router.New(router.Config{})
	err := r.DeleteRule(router.DefaultRule)
	if !errors.Is(err, router.OperationNotPermitted) {
		t.Errorf("delete: %v", err)
	}
	err = r.ModifyRule(router.DefaultRule, router.Change{Conditions: []router.Condition{router.Path("/")}})
	if !errors.Is(err, router.OperationNotPermitted) {
		t.Errorf("conditions: %v", err)
	}
	if err = r.ModifyRule("none", router.Change{}); !errors.Is(err, router.RuleNotFound) {
		t.Errorf("modify: %v", err)
	}
	if err = r.DeleteRule("none"); !errors.Is(err, router.RuleNotFound) {
		t.Errorf("delete: %v", err)
	}
}

func TestModifyRuleKeepsWhatItIsNotGiven(t *testing.T) {
	r := router.New(router.Config{})
	must(t, r.CreateRule(router.Rule{
		ID: "a", Priority: 1, Conditions: []router.Condition{router.Path("/a")}, Action: router.Respond(200, "", "a"),
	}))
	must(t, r.ModifyRule("a", router.Change{Conditions: []router.Condition{router.Path("/b")}}))
	must(t, r.ModifyRule("a", router.Change{Action: router.Respond(201, "", "b")}))
	got := r.DescribeRules()[0]
	if got.Conditions[0].Values[0] != "/b" || got.Action.Fixed.Status != 201 || got.Priority != 1 {
		t.Errorf("got %+v", got)
	}
	got.Conditions[0].Values[0] = "/spoilt"
	if again := r.DescribeRules()[0]; again.Conditions[0].Values[0] != "/b" {
		t.Error("a described rule is the router's own")
	}
}

func TestRuleChangesTakeEffectAfterTheDelay(t *testing.T) {
	clock := newStepClock()
	r := start(t, router.Config{Clock: clock, ApplyDelay: 3 * time.Second})
	set := func(body string) {
		must(t, r.ModifyRule(router.DefaultRule, router.Change{Action: router.Respond(200, "", body)}))
	}
	set("first")
	clock.advance(time.Second)
	set("second")
	if got := r.DescribeRules()[0].Action.Fixed.Body; got != "second" {
		t.Errorf("described %q, want the accepted change", got)
	}
	for _, want := range []string{"no default action is set", "first", "second"} {
		if want == "first" {
			clock.advance(2 * time.Second)
		}
		if want == "second" {
			clock.advance(time.Second)
		}
		if _, got := get(t, r.URL()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	set("slow")
	r.SetApplyDelay(0)
	set("fast")
	clock.advance(time.Hour)
	if _, got := get(t, r.URL()); got != "fast" {
		t.Errorf("got %q: an older change took effect over a newer one", got)
	}
}
