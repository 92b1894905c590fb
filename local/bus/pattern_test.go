package bus_test

import (
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/bus"
	"github.com/pilotage/pilotage/shared/fault"
)

// terminated is the event of the EventBridge User Guide, "Creating event patterns".
const terminated = `{
	"version": "0",
	"id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
	"detail-type": "EC2 Instance State-change Notification",
	"source": "aws.ec2",
	"account": "111122223333",
	"time": "2017-12-22T18:43:48Z",
	"region": "us-west-1",
	"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
	"detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"}
}`

func TestPatternOnTheGuidesEvent(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{"source":["aws.ec2"],"detail-type":["EC2 Instance State-change Notification"],"detail":{"state":["terminated"]}}`: true,
		`{"source":["aws.ec2"],"detail":{"state":["running","terminated"]}}`:                                                true,
		`{"source":["aws.ec2"],"detail":{"state":["running"]}}`:                                                             false,
		`{"source":["aws.ec2"],"region":["us-west-2"]}`:                                                                     false,
		`{"source":["AWS.EC2"]}`: false,
		`{"resources":["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]}`: true,
		`{"resources":[{"suffix":"abcdef1"}]}`:                                              false,
		`{"time":[{"prefix":"2017-12-22"}]}`:                                                true,
		`{"detail":{"missing":["x"]}}`:                                                      false,
		`{"detail":{"instance-id":{"state":["terminated"]}}}`:                               false,
		`{"detail":["terminated"]}`:                                                         false,
	} {
		event, err := bus.ParseEvent([]byte(terminated))
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(t, pattern).Matches(event); got != want {
			t.Errorf("%s: got %v, want %v", pattern, got, want)
		}
	}
}

func TestPatternOperators(t *testing.T) {
	for _, test := range []struct {
		values  string
		matches []string
		misses  []string
	}{
		{`["Alice"]`, []string{`"Alice"`, `["Bob","Alice"]`}, []string{`"alice"`, `"Alice "`, `[]`, `{}`, `null`}},
		{`[""]`, []string{`""`}, []string{`null`, `" "`}},
		{`[null]`, []string{`null`, `[1,null]`}, []string{`""`, `"null"`, `[]`, `0`, `false`}},
		{`[true]`, []string{`true`}, []string{`false`, `"true"`, `1`}},
		{`[100]`, []string{`100`, `100.0`, `1e2`}, []string{`"100"`, `101`, `true`}},
		{`[123456789012]`, []string{`123456789012`}, []string{`123456789013`, `"123456789012"`}},
		{`["Credit","Debit"]`, []string{`"Credit"`, `"Debit"`}, []string{`"Cash"`}},
		{`[{"exactly":"a"}]`, []string{`"a"`}, []string{`"A"`}},
		{`[{"prefix":"us-"}]`, []string{`"us-east-1"`, `"us-"`}, []string{`"US-east-1"`, `"eu-us-"`, `1`, `null`}},
		{`[{"prefix":""}]`, []string{`""`, `"x"`}, []string{`1`}},
		{`[{"prefix":{"equals-ignore-case":"EventB"}}]`, []string{`"eventbridge"`, `"EVENTBridge"`}, []string{`"even"`, `"aeventb"`}},
		{`[{"suffix":".png"}]`, []string{`"a.png"`, `".png"`}, []string{`"a.PNG"`, `"a.png "`, `7`}},
		{`[{"suffix":{"equals-ignore-case":"tBridge"}}]`, []string{`"EVENTBRIDGE"`, `"eventbridge"`}, []string{`"bridge"`, `"tbridges"`}},
		{`[{"prefix":{"equals-ignore-case":"é"}}]`, []string{`"École"`, `"été"`}, []string{`"Ecole"`}},
		{`[{"equals-ignore-case":"alice"}]`, []string{`"ALICE"`, `"Alice"`}, []string{`"alices"`, `null`}},
		{`[{"anything-but":"initializing"}]`, []string{`"running"`, `null`, `5`, `["initializing","running"]`}, []string{`"initializing"`, `["initializing"]`, `[]`, `{}`}},
		{`[{"anything-but":123}]`, []string{`124`, `"123"`}, []string{`123`, `123.0`}},
		{`[{"anything-but":["stopped","overloaded"]}]`, []string{`"running"`}, []string{`"stopped"`, `"overloaded"`}},
		{`[{"anything-but":[100,200,300]}]`, []string{`150`}, []string{`100`, `2e2`, `300`}},
		{`[{"anything-but":{"prefix":"init"}}]`, []string{`"running"`, `"reinit"`}, []string{`"initializing"`, `"init"`}},
		{`[{"anything-but":{"prefix":["init","run"]}}]`, []string{`"stopped"`}, []string{`"initializing"`, `"running"`}},
		{`[{"anything-but":{"suffix":".png"}}]`, []string{`"a.txt"`}, []string{`"a.png"`}},
		{`[{"anything-but":{"suffix":[".png",".jpg"]}}]`, []string{`"a.txt"`}, []string{`"a.png"`, `"a.jpg"`}},
		{`[{"anything-but":{"equals-ignore-case":["initializing","stopped"]}}]`, []string{`"running"`}, []string{`"INITIALIZING"`, `"Stopped"`}},
		{`[{"anything-but":{"wildcard":"*/lib/*"}}]`, []string{`"/usr/bin/x"`}, []string{`"/usr/lib/x"`, `"/lib/"`}},
		{`[{"anything-but":{"wildcard":["*/lib/*","*/bin/*"]}}]`, []string{`"/etc"`}, []string{`"/usr/lib/x"`, `"/usr/bin/x"`}},
		{`[{"numeric":["=",301.8]}]`, []string{`301.8`, `3.018e2`}, []string{`301.80001`, `"301.8"`}},
		{`[{"numeric":[">",0,"<=",5]}]`, []string{`0.1`, `5`}, []string{`0`, `5.1`, `-1`}},
		{`[{"numeric":[">=",0,"<",5]}]`, []string{`0`, `4.9`, `[9,3]`}, []string{`5`, `-0.1`, `[9,-3]`}},
		{`[{"numeric":["<",10]}]`, []string{`-4999999999`, `9`}, []string{`10`, `-5000000001`}},
		{`[{"numeric":["<=",10]}]`, []string{`10`}, []string{`11`}},
		{`[{"numeric":[">",10]}]`, []string{`11`}, []string{`10`, `5000000001`, `1e999`}},
		{`[{"numeric":[">=",10]}]`, []string{`10`}, []string{`9`}},
		{`[{"exists":true}]`, []string{`"x"`, `null`, `""`, `0`, `[1]`}, []string{`{"a":1}`, `[]`, `[{"a":1}]`}},
		{`[{"exists":false}]`, []string{`{"a":1}`, `[]`}, []string{`"x"`, `null`, `[1]`}},
		{`[{"cidr":"10.0.0.0/24"}]`, []string{`"10.0.0.0"`, `"10.0.0.255"`}, []string{`"10.0.1.0"`, `"10.0.0"`, `"10.0.0.0/24"`, `10`}},
		{`[{"cidr":"2001:db8::/32"}]`, []string{`"2001:db8::1"`, `"2001:DB8:0::1"`}, []string{`"2001:db9::1"`, `"10.0.0.1"`}},
		{`[{"wildcard":"dir/*.png"}]`, []string{`"dir/a.png"`, `"dir/.png"`, `"dir/b/c.png"`}, []string{`"dir/.pn"`, `"a/dir/a.png"`, `"dir/a.png.txt"`}},
		{`[{"wildcard":"*"}]`, []string{`""`, `"x"`}, []string{`1`, `null`}},
		{`[{"wildcard":"a*b*a"}]`, []string{`"aba"`, `"abba"`, `"a-b-b-a"`}, []string{`"aa"`, `"ab"`, `"aab"`}},
		{`[{"wildcard":"ab*ba"}]`, []string{`"abba"`, `"ab-ba"`}, []string{`"aba"`}},
		{`[{"wildcard":"a\\*\\\\*"}]`, []string{`"a*\\"`, `"a*\\x"`}, []string{`"ab\\"`, `"a*"`}},
		{`["a",{"prefix":"b"},{"numeric":["=",3]}]`, []string{`"a"`, `"bc"`, `3`}, []string{`"c"`, `4`}},
		{`["a",{"exists":false}]`, []string{`"a"`, `[]`}, []string{`"b"`}},
	} {
		pattern := parse(t, `{"detail":{"field":`+test.values+`}}`)
		for _, value := range test.matches {
			if !matches(t, pattern, `{"detail":{"field":`+value+`}}`) {
				t.Errorf("%s did not match %s", test.values, value)
			}
		}
		for _, value := range test.misses {
			if matches(t, pattern, `{"detail":{"field":`+value+`}}`) {
				t.Errorf("%s matched %s", test.values, value)
			}
		}
	}
}

func TestPatternStructure(t *testing.T) {
	// The $or of the User Guide: a price or a size, and the location in any case.
	const or = `{"detail":{"$or":[{"c-count":[{"numeric":[">",0,"<=",5]}]},{"d-count":[{"numeric":["<",10]}]},{"x-limit":[{"numeric":["=",3.018e2]}]}],"place":["x"]}}`
	for _, test := range []struct {
		name, pattern, event string
		want                 bool
	}{
		{"first of $or", or, `{"detail":{"c-count":5,"place":"x"}}`, true},
		{"last of $or", or, `{"detail":{"x-limit":301.8,"place":"x"}}`, true},
		{"none of $or", or, `{"detail":{"c-count":6,"d-count":10,"place":"x"}}`, false},
		{"$or without its neighbour", or, `{"detail":{"c-count":5}}`, false},
		{"$or at the root", `{"$or":[{"source":["a"]},{"detail":{"n":[1]}}]}`, `{"detail":{"n":1}}`, true},
		{"$or inside $or", `{"$or":[{"a":[1]},{"b":[1],"$or":[{"c":[1]},{"d":[1]}]}]}`, `{"b":1,"d":1}`, true},
		{"half of an inner $or", `{"$or":[{"a":[1]},{"b":[1],"$or":[{"c":[1]},{"d":[1]}]}]}`, `{"d":1}`, false},
		{"absent below an absent object", `{"a":{"b":[{"exists":false}]}}`, `{"c":1}`, true},
		{"absent below a scalar", `{"a":{"b":[{"exists":false}]}}`, `{"a":1}`, true},
		{"any element of an array of objects", `{"a":{"b":[2]}}`, `{"a":[{"b":1},{"b":2}]}`, true},
		{"fields of one element", `{"a":{"b":[1],"c":[1]}}`, `{"a":[{"b":1,"c":1},{"b":2,"c":2}]}`, true},
		{"fields of two elements", `{"a":{"b":[1],"c":[2]}}`, `{"a":[{"b":1,"c":1},{"b":2,"c":2}]}`, false},
		{"arrays within arrays", `{"a":{"b":[3]}}`, `{"a":[[{"b":1}],[{"b":[2,[3]]}]]}`, true},
		{"absent from one element only", `{"a":{"b":[{"exists":false}]}}`, `{"a":[{"b":1},{"c":1}]}`, false},
		{"absent from all elements", `{"a":{"b":[{"exists":false}]}}`, `{"a":[{"c":1},{"c":2}]}`, true},
		{"a field named as an operator", `{"prefix":["x"]}`, `{"prefix":"x"}`, true},
		{"a dot in a name is no path", `{"a.b":[1]}`, `{"a":{"b":1}}`, false},
	} {
		if got := matches(t, parse(t, test.pattern), test.event); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestParsePatternSaysWhereItIsWrong(t *testing.T) {
	for pattern, want := range map[string]string{
		``:                                       "parse pattern",
		`[]`:                                     "not a JSON object",
		`{} {}`:                                  "more after",
		`{}`:                                     "its root: an empty object",
		`{"a":{}}`:                               "at a: an empty object",
		`{"a":[]}`:                               "at a: an empty array",
		`{"a":"x"}`:                              `at a: the string "x" must be an object, or an array`,
		`{"a":{"b":null}}`:                       "at a.b: null must be",
		`{"a":[["x"]]}`:                          "at a[0]: an array inside",
		`{"a":[1],"a":[2]}`:                      `the key "a" is given twice`,
		`{"a":["x",{"prefx":"y"}]}`:              "at a[1].prefx: no such operator",
		`{"a":[{}]}`:                             "at a[0]: an operator's object has one key, this one has 0",
		`{"a":[{"prefix":"a","suffix":"b"}]}`:    "this one has 2",
		`{"a":[{"prefix":1}]}`:                   "at a[0].prefix: must be a string, not the number 1",
		`{"a":[{"prefix":{"wildcard":"x"}}]}`:    "equals-ignore-case",
		`{"a":[{"exists":"true"}]}`:              "at a[0].exists: must be true or false",
		`{"a":[{"numeric":5}]}`:                  "at a[0].numeric: must be an array",
		`{"a":[{"numeric":["=","5"]}]}`:          "must be a number from -5e9",
		`{"a":[{"numeric":["=",5000000001]}]}`:   "must be a number from -5e9",
		`{"a":[{"numeric":["~",5]}]}`:            "none of =",
		`{"a":[{"numeric":["<",5,">",0]}]}`:      "first and",
		`{"a":[{"numeric":["=",5,"<",9]}]}`:      "first and",
		`{"a":[{"numeric":[">",5,"<",5]}]}`:      "is empty",
		`{"a":[{"anything-but":[]}]}`:            "empty list",
		`{"a":[{"anything-but":["x",1]}]}`:       "at a[0].anything-but[1]: strings and numbers cannot be mixed",
		`{"a":[{"anything-but":null}]}`:          "must be a string or a number, not null",
		`{"a":[{"anything-but":{"prefix":""}}]}`: "empty prefix",
		`{"a":[{"anything-but":{"numeric":["=",1]}}]}`: "no such operator inside anything-but",
		`{"a":[{"anything-but":{"suffix":[1]}}]}`:      "at a[0].anything-but.suffix[0]: must be a string",
		`{"a":[{"cidr":"10.0.0.1"}]}`:                  "is not a range",
		`{"a":[{"cidr":"10.0.0.0/33"}]}`:               "is not a range",
		`{"a":[{"wildcard":"a**b"}]}`:                  "two wildcards follow each other at byte 1",
		`{"a":[{"wildcard":"a\\b"}]}`:                  "the backslash at byte 1",
		`{"$or":[{"a":[1]}]}`:                          "at $or: must be an array of at least two",
		`{"a":{"$or":[{"b":[1]},7]}}`:                  "at a.$or[1]: must be an object, not the number 7",
		`{"$or":[{"prefix":["x"]},{"a":["y"]}]}`:       "at $or[0].prefix: the name of an operator",
		`{"x":["` + strings.Repeat("x", 5000) + `"]}`:  "more than 4096",
		`{` + strings.TrimSuffix(strings.Repeat(`"a":{"$or":[{"p":[1]},{"q":[1]}],`, 10), ",") + strings.Repeat("}", 11): "$or make more than 1000",
	} {
		_, err := bus.ParsePattern([]byte(pattern))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: got error %v, want one of class Invalid with %q", pattern, err, want)
		}
	}
}

func TestZeroPatternMatchesNothing(t *testing.T) {
	if matches(t, bus.Pattern{}, `{"a":1}`) {
		t.Error("the zero pattern matched")
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`{"source":["aws.ec2"],"detail":{"state":[{"anything-but":{"wildcard":"a*"}}]}}`, terminated)
	f.Add(`{"$or":[{"a":[{"numeric":[">",0,"<=",5]}]},{"b":{"c":[{"exists":false}]}}]}`, `{"a":[[1],{"b":null}]}`)
	f.Add(`{"a":[{"prefix":{"equals-ignore-case":"é"}},{"cidr":"::/0"}]}`, `{"a":["\ud800","::1"]}`)
	f.Fuzz(func(t *testing.T, source, event string) {
		pattern, err := bus.ParsePattern([]byte(source))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("an error without the class Invalid: %v", err)
			}
			return
		}
		first, err := pattern.MatchesJSON([]byte(event))
		if err != nil {
			return
		}
		if second, err := pattern.MatchesJSON([]byte(event)); err != nil || first != second {
			t.Fatalf("the same event first %v, then %v and %v", first, second, err)
		}
	})
}

func parse(t *testing.T, pattern string) bus.Pattern {
	t.Helper()
	parsed, err := bus.ParsePattern([]byte(pattern))
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return parsed
}

func matches(t *testing.T, pattern bus.Pattern, event string) bool {
	t.Helper()
	got, err := pattern.MatchesJSON([]byte(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return got
}
