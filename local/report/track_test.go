package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The shipped definitions decide which states a person wants to see.
func TestShippedStatesAreShownOrFolded(t *testing.T) {
	files, err := filepath.Glob("../../statemachine/*.asl.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %v, %v, want definitions", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var machine struct {
			States map[string]struct{ Type string }
		}
		if err := json.Unmarshal(data, &machine); err != nil {
			t.Fatal(err)
		}
		for name, state := range machine.States {
			folded := state.Type == "Choice" || state.Type == "Pass" || (state.Type == "Wait" && name != "Settle")
			if got := passing(name); got != folded {
				t.Errorf("%s %s: got folded %v, want %v", state.Type, name, got, folded)
			}
			final := state.Type == "Succeed" || state.Type == "Fail"
			if got := ends(name); got != final {
				t.Errorf("%s %s: got final %v, want %v", state.Type, name, got, final)
			}
		}
	}
}

func TestLoopsAreFoldedAndShiftsSayTheirWeight(t *testing.T) {
	lanes := follow(errorsScenario()).lanes
	if len(lanes) != 2 || lanes[0].Nested || !lanes[1].Nested {
		t.Fatalf("got %d lanes, want deploy and, nested, rollback", len(lanes))
	}
	for i, want := range []string{
		"Validate, Plan, Announce, Approve, Lock, Replan, Backup ×3, Migrate, Release ×4, SmokeTest, " +
			"Shift 1 %, Prove ×2, Observe ×5, Rollback, RolledBack",
		"Plan, Announce, Lock, Replan, RestoreCapacity, SmokeTest, RestoreTraffic 100 %, ProveTraffic ×2, " +
			"Abandon, RevertSchema, RestoreMaintenance, Verify, Hold, Record, Unlock, Restored",
	} {
		var labels []string
		for _, step := range lanes[i].Steps {
			labels = append(labels, step.label())
		}
		if got := strings.Join(labels, ", "); got != want {
			t.Errorf("lane %d:\ngot  %s\nwant %s", i, got, want)
		}
	}
}

func TestTextsForPeople(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{count(0), "0"},
		{count(999), "999"},
		{count(1234567), "1,234,567"},
		{count(-1234), "-1,234"},
		{count(-123), "-123"},
		{percent(0, 0), "0 %"},
		{percent(1, 1000000), "<0.01 %"},
		{percent(11, 5404), "0.20 %"},
		{percent(1, 2), "50 %"},
		{duration(0.04), "0.0 s"},
		{duration(9.94), "9.9 s"},
		{duration(9.96), "10 s"},
		{duration(119.6), "2 min 0 s"},
		{duration(-1), "0.0 s"},
		{fit("漢字漢字", 5), "漢字…"},
		{fit("abc", 3), "abc"},
		{fit("abc", 0), ""},
		{oneLine(" a\r\n\tb\x1b[31m\u200b "), "a b[31m"},
		{manyLines("a\r\nb\tc\u009b"), "a\nb\tc"},
		{wrap("aaa bbb ccc", "- ", 9), "- aaa bbb\n  ccc\n"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
