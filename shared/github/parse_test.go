package github_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
)

const zero = "0000000000000000000000000000000000000000"

func TestParsePushReadsEachKind(t *testing.T) {
	committed := time.Date(2019, 5, 15, 13, 20, 33, 0, time.UTC)
	greeting := github.Commit{ID: "SHA", Message: "Add a greeting", Author: "Codertocat", Time: committed}
	polish := github.Commit{ID: "SHA", Message: "Greet in Polish: cześć 🚀", Author: "Zażółć Gęślą", Time: committed}
	rewrite := github.Commit{ID: "SHA", Message: "Rewrite the greeting", Author: "Codertocat", Time: committed}
	merge := github.Commit{ID: "SHA", Message: "Merge pull request #7 from Codertocat/feature/greeting", Author: "Codertocat", Time: committed}
	release := github.Commit{ID: "SHA", Message: "Release 1.4.0", Author: "Codertocat", Time: committed}
	for file, want := range map[string]github.Push{
		"push": {
			Ref: "refs/heads/main", Branch: "main", Before: "SHA", After: "SHA",
			Commits: []github.Commit{greeting, polish}, HeadCommit: &polish,
		},
		"tag": {
			Ref: "refs/tags/v1.4.0", Tag: "v1.4.0", Before: zero, After: "SHA", Created: true, HeadCommit: &release,
		},
		"force-push": {
			Ref: "refs/heads/feature/greeting", Branch: "feature/greeting", Before: "SHA", After: "SHA", Forced: true,
			Commits: []github.Commit{rewrite}, HeadCommit: &rewrite,
		},
		"branch-deletion": {
			Ref: "refs/heads/feature/greeting", Branch: "feature/greeting", Before: "SHA", After: zero, Deleted: true,
		},
		"merge": {
			Ref: "refs/heads/main", Branch: "main", Before: "SHA", After: "SHA",
			Commits: []github.Commit{rewrite, merge}, HeadCommit: &merge,
		},
		"branch-creation": {
			Ref: "refs/heads/release-1", Branch: "release-1", Before: zero, After: "SHA", Created: true, HeadCommit: &polish,
		},
	} {
		got, err := github.ParsePush(fixture(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		wantKey := "Codertocat/Hello-World " + want.Ref + " " + got.Before + " " + got.After + " " + strconv.FormatInt(got.PushedAt, 10)
		if got.Key() != wantKey || got.Short() != got.After[:7] {
			t.Errorf("%s: got key %q, short %q, want key %q", file, got.Key(), got.Short(), wantKey)
		}
		want.Repository, want.Pusher, want.Sender, want.PushedAt = "Codertocat/Hello-World", "Codertocat", "Codertocat", 1557933657
		if got := maskSHAs(t, got); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", file, got, want)
		}
	}
}

func TestKeyTellsPushesApart(t *testing.T) {
	keys := make(map[string]string)
	for _, file := range []string{"push", "tag", "force-push", "branch-deletion", "merge", "branch-creation"} {
		push, err := github.ParsePush(fixture(t, file))
		if err != nil {
			t.Fatal(err)
		}
		if twin, known := keys[push.Key()]; known {
			t.Errorf("%s and %s have the key %q", file, twin, push.Key())
		}
		keys[push.Key()] = file
	}
	// A branch that goes from a to b, back, and to b again.
	first, err := github.ParsePush(fixture(t, "push"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := github.ParsePush(bytes.Replace(fixture(t, "push"), []byte(`"pushed_at": 1557933657`), []byte(`"pushed_at": 1557933999`), 1))
	if err != nil || again.Key() == first.Key() {
		t.Errorf("the same way a second time has the key %q again (%v)", again.Key(), err)
	}
	for _, odd := range []string{`"2019-05-15T15:20:57Z"`, `null`, `{}`, `1e9`} {
		push, err := github.ParsePush(bytes.Replace(fixture(t, "push"), []byte(`1557933657`), []byte(odd), 1))
		if err != nil || push.PushedAt != 0 {
			t.Errorf("pushed at %s: got %d and error %v, want 0", odd, push.PushedAt, err)
		}
	}
}

func TestParsePushRefusesContradictions(t *testing.T) {
	type object = map[string]any
	const sha = "0123456789abcdef0123456789abcdef01234567"
	for _, test := range []struct {
		name, file string
		edit       func(object)
	}{
		{"another event", "ping", func(object) {}},
		{"no ref", "push", func(o object) { delete(o, "ref") }},
		{"short ref", "push", func(o object) { o["ref"] = "main" }},
		{"ref without a name", "push", func(o object) { o["ref"] = "refs/heads/" }},
		{"ref that climbs", "push", func(o object) { o["ref"] = "refs/heads/../../x" }},
		{"ref with a space", "push", func(o object) { o["ref"] = "refs/heads/a b" }},
		{"ref with a line break", "push", func(o object) { o["ref"] = "refs/heads/a\nb" }},
		{"ref with a turn of direction", "push", func(o object) { o["ref"] = "refs/heads/a\u202eb" }},
		{"ref that is a lock", "push", func(o object) { o["ref"] = "refs/heads/a.lock" }},
		{"endless ref", "push", func(o object) { o["ref"] = "refs/heads/" + strings.Repeat("a", 1024) }},
		{"ref of another type", "push", func(o object) { o["ref"] = 7 }},
		{"no repository", "push", func(o object) { delete(o, "repository") }},
		{"repository without owner", "push", func(o object) { o["repository"].(object)["full_name"] = "x" }},
		{"repository that climbs", "push", func(o object) { o["repository"].(object)["full_name"] = "x/.." }},
		{"repository of three parts", "push", func(o object) { o["repository"].(object)["full_name"] = "a/b/c" }},
		{"no before", "push", func(o object) { delete(o, "before") }},
		{"short after", "push", func(o object) { o["after"] = sha[:39] }},
		{"long after", "push", func(o object) { o["after"] = sha + "0" }},
		{"capitals in after", "push", func(o object) { o["after"] = strings.ToUpper(sha) }},
		{"after is a flag", "push", func(o object) { o["after"] = "--upload-pack=touch-x-aaaaaaaaaaaaaaaaaaa" }},
		{"no deleted", "push", func(o object) { delete(o, "deleted") }},
		{"no forced", "push", func(o object) { o["forced"] = nil }},
		{"deleted with a commit", "push", func(o object) { o["deleted"] = true }},
		{"zero without deleted", "branch-deletion", func(o object) { o["deleted"] = false }},
		{"deleted with a head commit", "branch-deletion", func(o object) { o["head_commit"] = object{"id": sha} }},
		{"deleted with commits", "branch-deletion", func(o object) { o["commits"] = []any{object{"id": sha}} }},
		{"created over something", "branch-creation", func(o object) { o["before"] = sha }},
		{"zero without created", "branch-creation", func(o object) { o["created"] = false }},
		{"neither before nor after", "branch-creation", func(o object) { o["after"], o["deleted"], o["head_commit"] = zero, true, nil }},
		{"no head commit", "push", func(o object) { o["head_commit"] = nil }},
		{"another head commit", "push", func(o object) { o["head_commit"].(object)["id"] = sha }},
		{"head commit without id", "tag", func(o object) { delete(o["head_commit"].(object), "id") }},
		{"commit without id", "push", func(o object) { delete(o["commits"].([]any)[0].(object), "id") }},
	} {
		var event object
		if err := json.Unmarshal(fixture(t, test.file), &event); err != nil {
			t.Fatal(err)
		}
		test.edit(event)
		body, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := github.ParsePush(body); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %+v and error %v, want one of class Invalid", test.name, got, err)
		}
	}
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "payload=%7B%7D", "null": "null", "array": "[]",
		"two events": string(fixture(t, "push")) + "{}", "too large": `"` + strings.Repeat("x", 6<<20) + `"`,
	} {
		if _, err := github.ParsePush([]byte(body)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
	}
}

func TestParsePushBoundsWhatIsShown(t *testing.T) {
	var event map[string]any
	if err := json.Unmarshal(fixture(t, "push"), &event); err != nil {
		t.Fatal(err)
	}
	var commits []any
	for i := range 2048 {
		commits = append(commits, map[string]any{
			"id": fmt.Sprintf("%040x", i+1), "message": "\n" + strings.Repeat("é", 300) + "\nmore", "timestamp": "yesterday",
			"author": map[string]any{"name": "Eve\x1b[2J\u202e\r"},
		})
	}
	event["commits"] = commits
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	got, err := github.ParsePush(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Commits) != 50 || got.Omitted != 1998 {
		t.Fatalf("got %d commits and %d omitted, want 50 and 1998", len(got.Commits), got.Omitted)
	}
	last := got.Commits[49]
	want := github.Commit{ID: fmt.Sprintf("%040x", 2048), Message: strings.Repeat("é", 199) + "…", Author: "Eve[2J"}
	if last != want {
		t.Errorf("got %+v, want %+v", last, want)
	}
}

func FuzzParsePush(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		push, err := github.ParsePush(body)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("an error without the class Invalid: %v", err)
			}
			return
		}
		if len(push.After) != 40 || len(push.Before) != 40 || !strings.HasPrefix(push.Ref, "refs/") || len(push.Commits) > 50 {
			t.Fatalf("admitted %+v", push)
		}
		if strings.Count(push.Key(), " ") != 4 || strings.ContainsFunc(push.Key(), unicode.IsControl) {
			t.Fatalf("the key %q has not five parts", push.Key())
		}
		for _, commit := range push.Commits {
			if strings.ContainsFunc(commit.Message+commit.Author, unicode.IsControl) || utf8.RuneCountInString(commit.Message) > 200 {
				t.Fatalf("admitted %+v", commit)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add(documentedSignature, []byte(documentedBody))
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		err := github.Verify([][]byte{[]byte(documentedSecret)}, signature, body)
		if want := github.Sign([]byte(documentedSecret), body) == signature; (err == nil) != want {
			t.Fatalf("got error %v, want admitted %v", err, want)
		}
	})
}

// maskSHAs checks the form of all shas and replaces those that are not zero by "SHA".
func maskSHAs(t *testing.T, push github.Push) github.Push {
	t.Helper()
	mask := func(sha *string) {
		if len(*sha) != 40 {
			t.Errorf("%q is no sha", *sha)
		}
		if *sha != zero {
			*sha = "SHA"
		}
	}
	if push.HeadCommit != nil && push.Branch != "" && push.HeadCommit.ID != push.After {
		t.Errorf("the head commit %s is not %s", push.HeadCommit.ID, push.After)
	}
	mask(&push.Before)
	mask(&push.After)
	for i := range push.Commits {
		mask(&push.Commits[i].ID)
	}
	if push.HeadCommit != nil {
		mask(&push.HeadCommit.ID)
	}
	return push
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}
