package approval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

const (
	anna, ben, cleo, dan = "anna@example.com", "ben@example.com", "cleo@example.com", "dan@example.com"
	requester, author    = "rita@example.com", "art@example.com"
	digest               = "sha256:plan"
)

func start() time.Time { return time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC) }

func keys() approval.Keys {
	return approval.Keys{Secret: []byte("a secret of at least thirty-two bytes")}
}

// question is about a plan that two of three have to agree to.
func question(change func(*approval.Question)) approval.Question {
	q := approval.Question{
		Deployment: "d1", Scope: deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}, PlanDigest: digest,
		Headline: "app 1.1.0 to prod", Summary: "What", RequestedBy: requester, Author: author,
	}
	q.Environment.Approval = deploy.Approval{
		Required: true, Approvers: []string{anna, ben, cleo}, Quorum: 2, ExpiresSeconds: 3600, RemindSeconds: 900, DelaySeconds: 1800,
	}
	change(&q)
	return q
}

// vote is an open vote with the codes of its ballots.
type vote struct {
	*testing.T
	approval.Vote
	codes map[string]string
	now   time.Time
}

func open(t *testing.T, change func(*approval.Question)) *vote {
	t.Helper()
	v, codes, err := approval.New(keys(), question(change), start())
	if err != nil {
		t.Fatal(err)
	}
	return &vote{t, v, codes, start()}
}

func plain(*approval.Question) {}

func (v *vote) choice(who, kind string) approval.Choice {
	v.Helper()
	b, found := v.BallotOf(who)
	if !found {
		v.Fatalf("%s has no ballot", who)
	}
	return approval.Choice{Ballot: b.ID, Kind: kind, Reason: "because", PlanDigest: digest, Code: v.codes[who], Via: approval.ByCode}
}

// says lets somebody choose and wants it to count.
func (v *vote) says(who, kind string) {
	v.Helper()
	if err := v.Take(v.choice(who, kind), v.now); err != nil {
		v.Errorf("%s of %s: %v", kind, who, err)
	}
}

// denies wants a choice not to count, for a reason, and to be remembered.
func (v *vote) denies(c approval.Choice, want string) {
	v.Helper()
	before, decisions := v.RefusedCount, v.Result().Voices
	if err := v.Take(c, v.now); !fault.Is(err, fault.Denied) || err.Error() != want {
		v.Errorf("got %v, want it denied: %s", err, want)
	}
	if v.RefusedCount != before+1 || !slices.Equal(v.Result().Voices, decisions) {
		v.Errorf("%d were refused before and %d are now; the voices are %+v", before, v.RefusedCount, v.Result().Voices)
	}
}

func (v *vote) wrong(who string, times int) {
	v.Helper()
	c := v.choice(who, approval.Approve)
	c.Code = "0000-0000"
	for range times {
		if err := v.Take(c, v.now); !fault.Is(err, fault.Denied) {
			v.Errorf("a wrong code of %s: got %v", who, err)
		}
	}
}

func TestQuorum(t *testing.T) {
	grouped := func(q *approval.Question) {
		q.Environment.Approval.Groups = []deploy.Group{{Name: "security", Members: []string{cleo, dan}, Quorum: 1}}
	}
	for name, test := range map[string]struct {
		change func(*approval.Question)
		act    func(v *vote)
		want   string
		by     []string
	}{
		"one of two":                     {plain, func(v *vote) { v.says(anna, approval.Approve) }, "", nil},
		"two of two":                     {plain, func(v *vote) { v.says(anna, approval.Approve); v.says(cleo, approval.Approve) }, approval.Approve, []string{anna, cleo}},
		"one rejection is enough":        {plain, func(v *vote) { v.says(anna, approval.Reject) }, approval.Reject, []string{anna}},
		"a rejection after an approval":  {plain, func(v *vote) { v.says(anna, approval.Approve); v.says(ben, approval.Reject) }, approval.Reject, []string{ben}},
		"more time decides nothing":      {plain, func(v *vote) { v.says(anna, approval.PutOff) }, "", nil},
		"enough, but none of the group":  {grouped, func(v *vote) { v.says(anna, approval.Approve); v.says(ben, approval.Approve) }, "", nil},
		"one of the group is not enough": {grouped, func(v *vote) { v.says(dan, approval.Approve) }, "", nil},
		"enough, and one of the group":   {grouped, func(v *vote) { v.says(anna, approval.Approve); v.says(dan, approval.Approve) }, approval.Approve, []string{anna, dan}},
		"the group's own are enough":     {grouped, func(v *vote) { v.says(cleo, approval.Approve); v.says(dan, approval.Approve) }, approval.Approve, []string{cleo, dan}},
		"the group comes last": {grouped, func(v *vote) {
			v.says(anna, approval.Approve)
			v.says(ben, approval.Approve)
			v.says(cleo, approval.Approve)
		}, approval.Approve, []string{anna, ben, cleo}},
		"the group rejects":                {grouped, func(v *vote) { v.says(anna, approval.Approve); v.says(dan, approval.Reject) }, approval.Reject, []string{dan}},
		"a quorum of none is one":          {func(q *approval.Question) { q.Environment.Approval.Quorum = 0 }, func(v *vote) { v.says(ben, approval.Approve) }, approval.Approve, []string{ben}},
		"an identity counts as a code":     {plain, func(v *vote) { v.identified(anna); v.identified(ben) }, approval.Approve, []string{anna, ben}},
		"one void ballot, others suffice":  {plain, func(v *vote) { v.wrong(anna, 5); v.says(ben, approval.Approve); v.says(cleo, approval.Approve) }, approval.Approve, []string{ben, cleo}},
		"so many void that it is hopeless": {plain, func(v *vote) { v.wrong(anna, 5); v.wrong(ben, 5) }, approval.Reject, nil},
		"hopeless for the group":           {grouped, func(v *vote) { v.wrong(cleo, 5); v.wrong(dan, 5) }, approval.Reject, nil},
		"hopeless though one has agreed":   {plain, func(v *vote) { v.says(anna, approval.Approve); v.wrong(ben, 5); v.wrong(cleo, 5) }, approval.Reject, nil},
		"not hopeless: those who agreed count though the rest is void": {
			func(q *approval.Question) { q.Environment.Approval.Quorum = 3 },
			func(v *vote) { v.says(anna, approval.Approve); v.says(ben, approval.Approve); v.wrong(cleo, 4) }, "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, test.change)
			test.act(v)
			if v.Outcome.Kind != test.want || !slices.Equal(v.Outcome.By, test.by) {
				t.Errorf("got %+v, want %q by %v", v.Outcome, test.want, test.by)
			}
		})
	}
}

// identified approves as somebody whom AWS knows.
func (v *vote) identified(who string) {
	v.Helper()
	c := v.choice(who, approval.Approve)
	c.Code, c.Via = "", approval.ByIdentity
	if err := v.Take(c, v.now); err != nil {
		v.Errorf("%s, identified: %v", who, err)
	}
}

func TestWhatDoesNotCountSaysWhy(t *testing.T) {
	const over = "This was decided already: rejected by anna@example.com at 2026-11-24 15:00:00 UTC: because"
	for name, test := range map[string]struct {
		act    func(v *vote)
		choose func(v *vote) approval.Choice
		want   string
	}{
		"a wrong code": {func(*vote) {}, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.Approve)
			c.Code = "0000-0000"
			return c
		}, "This is not the code from the mail. 4 tries are left."},
		"the code of another": {func(*vote) {}, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.Approve)
			c.Code = v.codes[ben]
			return c
		}, "This is not the code from the mail. 4 tries are left."},
		"no proof at all": {func(*vote) {}, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.Approve)
			c.Via = ""
			return c
		}, "This is not the code from the mail. 4 tries are left."},
		"the last try": {func(v *vote) { v.wrong(anna, 3) }, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.Reject)
			c.Code = "0000-0000"
			return c
		}, "This is not the code from the mail. 1 try is left."},
		"the fifth wrong code": {func(v *vote) { v.wrong(anna, 4) }, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.Approve)
			c.Code = "0000 0000"
			return c
		}, "Five wrong codes were entered, so this ballot is void."},
		"the right code, too late": {func(v *vote) { v.wrong(anna, 5) }, func(v *vote) approval.Choice { return v.choice(anna, approval.Approve) }, "Five wrong codes were entered, so this ballot is void."},
		"twice":                    {func(v *vote) { v.says(anna, approval.Approve) }, func(v *vote) approval.Choice { return v.choice(anna, approval.Approve) }, "You decided already, to approve, at 2026-11-24 15:00:00 UTC."},
		"another mind":             {func(v *vote) { v.says(anna, approval.Approve) }, func(v *vote) approval.Choice { return v.choice(anna, approval.Reject) }, "You decided already, to approve, at 2026-11-24 15:00:00 UTC."},
		"more time after deciding": {func(v *vote) { v.says(anna, approval.Approve) }, func(v *vote) approval.Choice { return v.choice(anna, approval.PutOff) }, "You decided already, to approve, at 2026-11-24 15:00:00 UTC."},
		"after the decision":       {func(v *vote) { v.says(anna, approval.Reject) }, func(v *vote) approval.Choice { return v.choice(ben, approval.Approve) }, over},
		"in the last moment, late": {func(v *vote) { v.now = v.now.Add(time.Hour) }, func(v *vote) approval.Choice { return v.choice(ben, approval.Approve) }, "Too few decided in time; it was over at 2026-11-24 16:00:00 UTC."},
		"expired":                  {func(v *vote) { v.now = v.now.Add(2 * time.Hour); v.Expire(v.now) }, func(v *vote) approval.Choice { return v.choice(ben, approval.Approve) }, "This was decided already: too few decided in time; it was over at 2026-11-24 16:00:00 UTC."},
		"another plan": {func(*vote) {}, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.Approve)
			c.PlanDigest = "sha256:other"
			return c
		}, "This decision is about another plan than the one of this link. Open the link again and read the plan."},
		"withdrawn": {func(v *vote) { v.Withdraw("superseded by d2", v.now) }, func(v *vote) approval.Choice { return v.choice(anna, approval.Approve) }, "superseded by d2"},
		"withdrawn after approval": {func(v *vote) {
			v.says(anna, approval.Approve)
			v.says(ben, approval.Approve)
			v.Withdraw("the plan changed", v.now)
		}, func(v *vote) approval.Choice { return v.choice(anna, approval.Approve) }, "the plan changed"},
		"more time, twice": {func(v *vote) { v.says(anna, approval.PutOff) }, func(v *vote) approval.Choice {
			c := v.choice(anna, approval.PutOff)
			c.Reason = "another meeting"
			return c
		}, "You asked for more time already, at 2026-11-24 15:00:00 UTC."},
		"more time where there is none": {func(v *vote) { v.DelayBy = 0 }, func(v *vote) approval.Choice { return v.choice(anna, approval.PutOff) }, "Nobody can ask for more time here; reject it instead."},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, plain)
			test.act(v)
			v.denies(test.choose(v), test.want)
			if last := v.Refused[len(v.Refused)-1]; last.At != v.now || last.By == "" || last.What == "" {
				t.Errorf("it is remembered as %+v", last)
			}
		})
	}
}

// TestNoCodeIsNoGuess: programs that look at mails send forms as they find them, and must not spend
// the tries of people.
func TestNoCodeIsNoGuess(t *testing.T) {
	for _, code := range []string{"", "   ", "1234", "1234-567", "1234-56789", "code"} {
		v := open(t, plain)
		c := v.choice(anna, approval.Approve)
		c.Code = code
		for range 20 {
			v.denies(c, "The code has eight digits; it stands in your mail.")
		}
		v.says(anna, approval.Approve)
	}
}

// TestTheSameWishForMoreTimeAgain: its sender may not have heard that it was granted.
func TestTheSameWishForMoreTimeAgain(t *testing.T) {
	v := open(t, plain)
	v.says(anna, approval.PutOff)
	end := v.ExpiresAt
	v.now = v.now.Add(time.Minute)
	v.says(anna, approval.PutOff)
	if v.ExpiresAt != end || v.RefusedCount > 0 || len(v.Result().Voices) != 1 {
		t.Errorf("it ends at %s, %d were refused, %+v; want it granted once, until %s", v.ExpiresAt, v.RefusedCount, v.Result().Voices, end)
	}
	wrong := v.choice(anna, approval.PutOff)
	wrong.Code = "0000-0000"
	v.denies(wrong, "This is not the code from the mail. 4 tries are left.")
}

// TestChoiceThatDecidedMayComeAgainUntilTheExecutionIsTold: its sender may not have heard.
func TestChoiceThatDecidedMayComeAgainUntilTheExecutionIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		then func(v *vote)
		code string
		want string
	}{
		"not told yet":              {func(*vote) {}, "", ""},
		"told":                      {func(v *vote) { v.Outcome.Delivered = true }, "", "You decided already, to reject, at 2026-11-24 15:00:00 UTC."},
		"not told, by another code": {func(*vote) {}, "0000-0000", "You decided already, to reject, at 2026-11-24 15:00:00 UTC."},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, plain)
			v.says(anna, approval.Reject)
			test.then(v)
			again := v.choice(anna, approval.Reject)
			if test.code != "" {
				again.Code = test.code
			}
			v.now = v.now.Add(time.Minute)
			if test.want != "" {
				v.denies(again, test.want)
				return
			}
			if err := v.Take(again, v.now); err != nil || v.RefusedCount > 0 || v.Outcome.At != start() {
				t.Errorf("got %v, %d refused and %+v, want the first decision as it was", err, v.RefusedCount, v.Outcome)
			}
		})
	}
}

func TestBallotOfAnotherVote(t *testing.T) {
	v := open(t, plain)
	c := v.choice(anna, approval.Approve)
	c.Ballot = "of another vote"
	if err := v.Take(c, v.now); !fault.Is(err, fault.Invalid) || v.RefusedCount > 0 {
		t.Errorf("got %v, %d remembered; want it invalid and nobody blamed", err, v.RefusedCount)
	}
}

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		choice approval.Choice
		want   string
	}{
		"approving":               {approval.Choice{Kind: approval.Approve}, ""},
		"rejecting":               {approval.Choice{Kind: approval.Reject, Reason: "no"}, ""},
		"more time":               {approval.Choice{Kind: approval.PutOff, Reason: "later"}, ""},
		"nothing":                 {approval.Choice{}, "Choose to approve, to reject or to ask for more time."},
		"what only time does":     {approval.Choice{Kind: approval.Expired, Reason: "x"}, "Choose to approve, to reject or to ask for more time."},
		"rejecting, unsaid why":   {approval.Choice{Kind: approval.Reject, Reason: " \n"}, "Say why, in a few words."},
		"more time, unsaid why":   {approval.Choice{Kind: approval.PutOff}, "Say why, in a few words."},
		"a reason of 500":         {approval.Choice{Kind: approval.Approve, Reason: strings.Repeat("é", 500)}, ""},
		"a reason longer than it": {approval.Choice{Kind: approval.Approve, Reason: strings.Repeat("é", 501)}, "The reason is longer than 500 characters."},
	} {
		err := test.choice.Check()
		if test.want == "" && err == nil {
			continue
		}
		if !fault.Is(err, fault.Invalid) || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

func TestRefusedAttemptsAreCountedAndTheNewestKept(t *testing.T) {
	v := open(t, plain)
	for i := range 120 {
		v.Refuse(v.now, anna, fmt.Sprint("attempt ", i))
	}
	if v.RefusedCount != 120 || len(v.Refused) != 50 || v.Refused[0].What != "attempt 70" || v.Refused[49].What != "attempt 119" {
		t.Errorf("got %d counted and %d kept, from %q to %q", v.RefusedCount, len(v.Refused), v.Refused[0].What, v.Refused[len(v.Refused)-1].What)
	}
}

func TestNobodyIsAskedAboutTheirOwn(t *testing.T) {
	people := []deploy.Person{{Mail: anna, GitHub: "Anna-K", Identity: "arn:aws:iam::111122223333:user/anna"}}
	for name, test := range map[string]struct {
		requester, author string
		asked             []string
	}{
		"neither is an approver":            {requester, author, []string{anna, ben, cleo}},
		"who asked":                         {ben, author, []string{anna, cleo}},
		"who asked, otherwise written":      {"BEN@example.com", author, []string{anna, cleo}},
		"who asked, with a name":            {"Ben <ben@example.com>", author, []string{anna, cleo}},
		"who asked, by the login on GitHub": {"anna-k", author, []string{ben, cleo}},
		"who asked, by the identity in AWS": {"arn:aws:iam::111122223333:user/anna", author, []string{ben, cleo}},
		"who wrote it":                      {requester, cleo, []string{anna, ben}},
		"who wrote it, by the login":        {requester, "ANNA-K", []string{ben, cleo}},
		"who wrote it, address hidden":      {requester, "123+anna-k@users.noreply.github.com", []string{ben, cleo}},
		"both are one":                      {anna, "anna-k", []string{ben, cleo}},
		"nobody wrote it":                   {requester, "", []string{anna, ben, cleo}},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, func(q *approval.Question) {
				q.RequestedBy, q.Author, q.Environment.People = test.requester, test.author, people
			})
			if got := v.Undecided(); !slices.Equal(got, test.asked) {
				t.Errorf("got %v asked, want %v", got, test.asked)
			}
			if len(v.codes) != len(test.asked) {
				t.Errorf("got %d codes, want %d", len(v.codes), len(test.asked))
			}
		})
	}
}

func TestTooFewToAsk(t *testing.T) {
	group := []deploy.Group{{Name: "security", Members: []string{ben, cleo}, Quorum: 2}}
	for name, test := range map[string]struct {
		change func(*approval.Question)
		want   string
	}{
		"without who asked": {
			func(q *approval.Question) { q.Environment.Approval.Approvers = []string{anna, requester} },
			"2 must agree to a deployment to prod, and without rita@example.com, who asked for it, and art@example.com, who wrote it only 1 is left (anna@example.com, rita@example.com); name more approvers in pilotage.yaml, or let somebody else ask",
		},
		"who asked wrote it too": {
			func(q *approval.Question) {
				q.Environment.Approval.Approvers, q.Author = []string{anna, requester}, "Rita"
				q.Environment.People = []deploy.Person{{Mail: requester, GitHub: "rita"}}
			},
			"2 must agree to a deployment to prod, and without rita@example.com, who asked for it only 1 is left (anna@example.com, rita@example.com); name more approvers in pilotage.yaml, or let somebody else ask",
		},
		"in a group": {
			func(q *approval.Question) { q.RequestedBy, q.Environment.Approval.Groups = ben, group },
			`2 of group "security" must agree to a deployment to prod, and without ben@example.com, who asked for it, and art@example.com, who wrote it only 1 is left (ben@example.com, cleo@example.com); name more members in pilotage.yaml, or let somebody else ask`,
		},
		"nobody at all": {
			func(q *approval.Question) { q.Environment.Approval.Approvers, q.Environment.Approval.Quorum = nil, 0 },
			"1 must agree to a deployment to prod, and without rita@example.com, who asked for it, and art@example.com, who wrote it only 0 are left (); name more approvers in pilotage.yaml, or let somebody else ask",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := approval.New(keys(), question(test.change), start())
			if !fault.Is(err, fault.Denied) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestWhoIsNamedTwiceHasOneVoice: as an approver and in a group, in capitals or not.
func TestWhoIsNamedTwiceHasOneVoice(t *testing.T) {
	v := open(t, func(q *approval.Question) {
		q.Environment.Approval.Groups = []deploy.Group{{Name: "security", Members: []string{"ANNA@example.com", dan}, Quorum: 1}}
	})
	if got := v.Undecided(); !slices.Equal(got, []string{anna, ben, cleo, dan}) {
		t.Errorf("got %v asked", got)
	}
	v.says(anna, approval.Approve)
	if v.Outcome.Kind != "" {
		t.Errorf("one voice was counted twice: %+v", v.Outcome)
	}
	v.says(ben, approval.Approve)
	if v.Outcome.Kind != approval.Approve {
		t.Errorf("anna is one of security: %+v", v.Outcome)
	}
}

// TestTheSameQuestionHasTheSameCodes: a repeated invocation must not send others.
func TestTheSameQuestionHasTheSameCodes(t *testing.T) {
	first, second := open(t, plain), open(t, plain)
	other := open(t, func(q *approval.Question) { q.PlanDigest = "sha256:other" })
	seen := map[string]bool{}
	for i, b := range first.Ballots {
		code := first.codes[b.Approver]
		if b.ID != second.Ballots[i].ID || code != second.codes[b.Approver] {
			t.Errorf("%s: another link or code the second time", b.Approver)
		}
		if b.ID == other.Ballots[i].ID || code == other.codes[b.Approver] {
			t.Errorf("%s: the same link or code for another plan", b.Approver)
		}
		if len(b.ID) != 32 || len(code) != 9 || code[4] != '-' || seen[b.ID] || seen[code] {
			t.Errorf("%s: got link %q and code %q", b.Approver, b.ID, code)
		}
		if strings.Contains(b.CodeHash, code) {
			t.Errorf("%s: the code is kept", b.Approver)
		}
		seen[b.ID], seen[code] = true, true
	}
	secret := approval.Keys{Secret: []byte("another secret of thirty-two bytes")}
	if id, code := secret.Derive(first.ID, anna); id == first.Ballots[0].ID || code == first.codes[anna] {
		t.Error("another secret makes the same link or code")
	}
}

func TestCodeMayBeTypedAsPeopleType(t *testing.T) {
	for _, typed := range []func(code string) string{
		func(c string) string { return c },
		func(c string) string { return strings.ReplaceAll(c, "-", "") },
		func(c string) string { return strings.ReplaceAll(c, "-", " ") },
		func(c string) string { return " " + c + "\n" },
	} {
		v := open(t, plain)
		c := v.choice(anna, approval.Approve)
		c.Code = typed(c.Code)
		if err := v.Take(c, v.now); err != nil {
			t.Errorf("%q: %v", c.Code, err)
		}
	}
	v := open(t, plain)
	c := v.choice(anna, approval.Approve)
	for _, typed := range []string{c.Code + "0", c.Code[1:], "", strings.Repeat("0", 1000)} {
		wrong := c
		wrong.Code = typed
		if err := v.Take(wrong, v.now); !fault.Is(err, fault.Denied) {
			t.Errorf("%.20q: got %v, want it denied", typed, err)
		}
	}
}

func TestDelay(t *testing.T) {
	v := open(t, plain)
	v.says(anna, approval.PutOff)
	v.now = v.now.Add(89 * time.Minute)
	v.says(ben, approval.PutOff)
	if want := start().Add(2 * time.Hour); !v.ExpiresAt.Equal(want) {
		t.Errorf("it ends at %s, want %s: half an hour more for each of two", v.ExpiresAt, want)
	}
	v.says(anna, approval.Approve)
	voices := v.Result().Voices
	if len(voices) != 3 || voices[0].Kind != approval.Approve || voices[1].Kind != approval.PutOff || voices[2].By != ben {
		t.Errorf("got voices %+v", voices)
	}
	v.now = v.now.Add(time.Hour)
	v.denies(v.choice(cleo, approval.PutOff), "Too few decided in time; it was over at 2026-11-24 17:00:00 UTC.")
}

func TestReminder(t *testing.T) {
	minutes := func(m int) time.Time { return start().Add(time.Duration(m) * time.Minute) }
	for name, test := range map[string]struct {
		change func(*approval.Question)
		act    func(v *vote)
		now    time.Time
		wait   time.Time
		remind bool
	}{
		"at the start":             {plain, func(*vote) {}, minutes(0), minutes(45), false},
		"when it is time":          {plain, func(*vote) {}, minutes(45), minutes(60), true},
		"a second before":          {plain, func(*vote) {}, minutes(45).Add(-time.Second), minutes(45), false},
		"reminded already":         {plain, func(v *vote) { v.RemindedOf = v.ExpiresAt }, minutes(46), minutes(60), false},
		"of an end that has moved": {plain, func(v *vote) { v.RemindedOf = v.ExpiresAt; v.says(anna, approval.PutOff) }, minutes(46), minutes(75), false},
		"of the new end":           {plain, func(v *vote) { v.RemindedOf = v.ExpiresAt; v.says(anna, approval.PutOff) }, minutes(75), minutes(90), true},
		"never":                    {func(q *approval.Question) { q.Environment.Approval.RemindSeconds = 0 }, func(*vote) {}, minutes(59), minutes(60), false},
		"longer than there is":     {func(q *approval.Question) { q.Environment.Approval.RemindSeconds = 3600 }, func(*vote) {}, minutes(0), minutes(60), false},
		"decided":                  {plain, func(v *vote) { v.says(anna, approval.Reject) }, minutes(50), minutes(60), false},
		"withdrawn":                {plain, func(v *vote) { v.Withdraw("x", v.now) }, minutes(50), minutes(60), false},
		"over":                     {plain, func(*vote) {}, minutes(60), minutes(60), false},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, test.change)
			test.act(v)
			if got := v.WaitUntil(test.now); !got.Equal(test.wait) {
				t.Errorf("wait until %s, want %s", got.Format(time.TimeOnly), test.wait.Format(time.TimeOnly))
			}
			if got := v.RemindNow(test.now); got != test.remind {
				t.Errorf("remind now: %v, want %v", got, test.remind)
			}
		})
	}
	v := open(t, plain)
	v.says(anna, approval.Approve)
	v.wrong(ben, 5)
	if got := v.Undecided(); !slices.Equal(got, []string{cleo}) {
		t.Errorf("%v are to be reminded, want cleo: the others have decided, or cannot", got)
	}
}

func TestExpire(t *testing.T) {
	for name, test := range map[string]struct {
		act  func(v *vote)
		at   time.Duration
		want string
	}{
		"over":         {func(*vote) {}, time.Hour, approval.Expired},
		"not yet":      {func(*vote) {}, time.Hour - time.Nanosecond, ""},
		"put off":      {func(v *vote) { v.says(anna, approval.PutOff) }, time.Hour, ""},
		"half agreed":  {func(v *vote) { v.says(anna, approval.Approve) }, time.Hour, approval.Expired},
		"decided":      {func(v *vote) { v.says(anna, approval.Reject) }, 2 * time.Hour, approval.Reject},
		"was approved": {func(v *vote) { v.says(anna, approval.Approve); v.says(ben, approval.Approve) }, 2 * time.Hour, approval.Approve},
		"withdrawn":    {func(v *vote) { v.Withdraw("x", v.now) }, 2 * time.Hour, approval.Withdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, plain)
			test.act(v)
			for range 2 {
				v.Expire(start().Add(test.at))
			}
			if v.Outcome.Kind != test.want || v.Open(start().Add(test.at)) != (test.want == "") {
				t.Errorf("got %+v, open: %v, want %q", v.Outcome, v.Open(start().Add(test.at)), test.want)
			}
		})
	}
}

func TestWithdrawKeepsWhatWasDecidedAndTheFirstReason(t *testing.T) {
	v := open(t, plain)
	v.says(anna, approval.Reject)
	v.Withdraw("the plan changed", v.now)
	v.Withdraw("superseded", v.now)
	if v.Void != "the plan changed" || v.Outcome.Kind != approval.Reject || v.Open(v.now) {
		t.Errorf("got void %q and %+v", v.Void, v.Outcome)
	}
	for told, want := range map[bool]string{false: approval.Withdrawn, true: approval.Approve} {
		v := open(t, plain)
		v.says(anna, approval.Approve)
		v.says(ben, approval.Approve)
		v.Outcome.Delivered = told
		v.Withdraw("superseded", v.now)
		if v.Outcome.Kind != want {
			t.Errorf("approved, the execution told of it: %v; got %+v, want %s", told, v.Outcome, want)
		}
	}
}

func TestStoriesSayWhoWhenAndWhy(t *testing.T) {
	for want, act := range map[string]func(v *vote){
		"": func(v *vote) { v.says(anna, approval.Approve) },
		"approved by anna@example.com and ben@example.com at 2026-11-24 15:00:00 UTC.":                                    func(v *vote) { v.says(anna, approval.Approve); v.says(ben, approval.Approve) },
		"rejected by ben@example.com at 2026-11-24 15:00:00 UTC: because":                                                 func(v *vote) { v.says(ben, approval.Reject) },
		"rejected at 2026-11-24 15:00:00 UTC, because so many ballots are void that the rest cannot approve it any more.": func(v *vote) { v.wrong(anna, 5); v.wrong(ben, 5) },
		"too few decided in time; it was over at 2026-11-24 16:00:00 UTC.":                                                func(v *vote) { v.Expire(start().Add(time.Hour)) },
		"withdrawn at 2026-11-24 15:00:00 UTC: superseded by d2":                                                          func(v *vote) { v.Withdraw("superseded by d2", v.now) },
	} {
		v := open(t, plain)
		act(v)
		if got := v.Story(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	v := open(t, func(q *approval.Question) {
		q.Environment.Approval.Groups = []deploy.Group{{Name: "security", Members: []string{cleo, dan}, Quorum: 1}, {Name: "ops", Members: []string{ben, dan}, Quorum: 2}}
	})
	if got, want := v.Needed(), "2 of 4, among them 1 of security and 2 of ops"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	v.says(anna, approval.Approve)
	if minutes := v.Minutes(); len(minutes.Asked) != 4 || len(minutes.Voices) != 1 || minutes.Voices[0].Via != approval.ByCode {
		t.Errorf("got minutes %+v", minutes)
	}
}
