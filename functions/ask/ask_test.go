package ask_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/ask"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

const anna, ben = "anna@example.com", "ben@example.com"

// office is the stage with what it talks to. Sending fails as often as it is told to.
type office struct {
	*testing.T
	ask.Stage
	ledger *ledger.Ledger
	mails  []notify.Message
	fails  int
}

func (o *office) Send(_ context.Context, message notify.Message) error {
	if o.fails > 0 {
		o.fails--
		return errors.New("throttled")
	}
	o.mails = append(o.mails, message)
	return nil
}

func (o *office) Find(context.Context, string, string) (deploy.Release, error) {
	return deploy.Release{Changes: []deploy.Change{{Commit: "0123456789", Subject: "let a run name the shoe"}}}, nil
}

func open(t *testing.T, f func(o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &office{T: t, ledger: &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}}
		o.Stage = ask.Stage{
			Votes: o.ledger, Notifier: notify.Notifier{Sender: o, Marks: o.ledger}, Catalog: o, Ledger: o.ledger, Clock: clock.System{},
			Keys: approval.Keys{Secret: []byte("a secret of at least thirty-two bytes")}, BaseURL: "https://approve.example",
		}
		doc := document()
		if err := o.ledger.Begin(t.Context(), ledger.Deployment{ID: doc.ID, Kind: doc.Request.Kind, Scope: doc.Request.Scope, Request: doc.Request}); err != nil {
			t.Fatal(err)
		}
		f(o)
	})
}

func document() deploy.Document {
	doc := deploy.Document{ID: "d1", Request: deploy.Request{
		Kind: deploy.KindDeploy, Scope: deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}, RequestedBy: "rita@example.com", Reason: "OPS-1",
	}}
	doc.Plan.Digest, doc.Plan.Release = "sha256:plan", deploy.ReleaseRef{Digest: "sha256:release", Version: "1.1.0", Author: "art@example.com"}
	doc.Plan.Environment.Approval = deploy.Approval{Required: true, Approvers: []string{anna, ben}, Quorum: 1, ExpiresSeconds: 3600, RemindSeconds: 900, DelaySeconds: 1800}
	return doc
}

func (o *office) asks() deploy.AskResult {
	o.Helper()
	result, err := o.Handle(o.Context(), document())
	if err != nil {
		o.Fatal(err)
	}
	return result
}

// vote is the vote as it is kept; change edits it.
func (o *office) vote(change func(*approval.Vote)) approval.Vote {
	o.Helper()
	var seen approval.Vote
	err := o.ledger.PutVote(o.Context(), approval.VoteID("d1", "sha256:plan", 0), func(v *approval.Vote) error {
		change(v)
		seen = *v
		return nil
	})
	if err != nil {
		o.Fatal(err)
	}
	return seen
}

func unchanged(*approval.Vote) {}

// subjects are those of the mails to somebody.
func (o *office) subjects(to string) []string {
	var found []string
	for _, mail := range o.mails {
		if mail.To == to {
			found = append(found, mail.Subject)
		}
	}
	return found
}

const (
	question = "[pilotage] approve app 1.1.0 to prod?"
	reminder = "[pilotage] reminder: approve app 1.1.0 to prod?"
)

func TestEverybodyIsWrittenToOnceWithALinkAndACodeOfTheirOwn(t *testing.T) {
	open(t, func(o *office) {
		for range 3 {
			result := o.asks()
			if !slices.Equal(result.Asked, []string{anna, ben}) || result.WaitSeconds != 2700 || !result.Until.Equal(time.Now().Add(time.Hour)) {
				t.Errorf("got %+v, want both asked, until the reminder", result)
			}
		}
		v := o.vote(unchanged)
		if len(o.mails) != 2 || len(v.Ballots) != 2 {
			t.Fatalf("got %d mails and %d ballots, want two", len(o.mails), len(v.Ballots))
		}
		for i, mail := range o.mails {
			b := v.Ballots[i]
			if mail.To != b.Approver || mail.Subject != question || mail.Urgent {
				t.Errorf("got a mail to %s: %s", mail.To, mail.Subject)
			}
			_, code := o.Keys.Derive(v.ID, b.Approver)
			for _, want := range []string{"https://approve.example/approve/" + b.ID + "\n", "\n  " + code + "\n", "OPS-1", "let a run name the shoe", "1 of 2", "2000-01-01 01:00 UTC", "pilotage approve d1"} {
				if !strings.Contains(mail.Body, want) {
					t.Errorf("the mail to %s does not say %q:\n%s", mail.To, want, mail.Body)
				}
			}
			if found, err := o.ledger.VoteOf(t.Context(), b.ID); err != nil || found.ID != v.ID {
				t.Errorf("the link of %s leads to %q and error %v", b.Approver, found.ID, err)
			}
			other := v.Ballots[1-i]
			_, secret := o.Keys.Derive(v.ID, other.Approver)
			if strings.Contains(mail.Body, other.ID) || strings.Contains(mail.Body, secret) {
				t.Errorf("%s can decide for %s", mail.To, other.Approver)
			}
		}
	})
}

// TestLinksWorkBeforeTheyAreSent, and what could not be sent is sent the next time.
func TestLinksWorkBeforeTheyAreSent(t *testing.T) {
	open(t, func(o *office) {
		o.fails = 1
		if _, err := o.Handle(t.Context(), document()); err == nil {
			t.Error("the failure did not strike")
		}
		v := o.vote(unchanged)
		if found, err := o.ledger.VoteOf(t.Context(), v.Ballots[0].ID); err != nil || found.ID != v.ID {
			t.Errorf("a mail may be on its way, and its link leads to %q and error %v", found.ID, err)
		}
		o.asks()
		if len(o.subjects(anna)) != 1 || len(o.subjects(ben)) != 1 {
			t.Errorf("got %d mails, want one for each", len(o.mails))
		}
	})
}

func TestRemindsOnceBeforeEachEnd(t *testing.T) {
	open(t, func(o *office) {
		o.asks()
		time.Sleep(45 * time.Minute)
		for range 2 {
			if result := o.asks(); result.WaitSeconds != 900 {
				t.Errorf("got %+v, want it to wait for the end", result)
			}
		}
		if got := o.subjects(anna); !slices.Equal(got, []string{question, reminder}) {
			t.Errorf("got mails %q, want one reminder", got)
		}
		if v := o.vote(unchanged); !v.RemindedOf.Equal(v.ExpiresAt) {
			t.Errorf("people were reminded of %s, and the vote says of %s", v.ExpiresAt, v.RemindedOf)
		}
		o.vote(func(v *approval.Vote) { v.ExpiresAt = v.ExpiresAt.Add(30 * time.Minute) }) // somebody asked for more time
		if result := o.asks(); result.WaitSeconds != 1800 || len(o.subjects(anna)) != 2 {
			t.Errorf("got %+v and mails %q, want it to wait until the next reminder", result, o.subjects(anna))
		}
		time.Sleep(30 * time.Minute)
		for range 2 {
			o.asks()
		}
		if got := o.subjects(anna); !slices.Equal(got, []string{question, reminder, reminder}) {
			t.Errorf("got mails %q, want one more reminder of the new end", got)
		}
	})
}

func TestRemindsThoseWhoseVoiceIsWanted(t *testing.T) {
	open(t, func(o *office) {
		o.asks()
		o.vote(func(v *approval.Vote) { v.Quorum, v.Ballots[0].Decision.Kind = 2, approval.Approve })
		time.Sleep(45 * time.Minute)
		o.asks()
		if len(o.subjects(anna)) != 1 || len(o.subjects(ben)) != 2 {
			t.Errorf("got mails %q to who has decided and %q to who has not", o.subjects(anna), o.subjects(ben))
		}
	})
}

// TestReminderThatFailedIsSentTheNextTime: and to nobody twice.
func TestReminderThatFailedIsSentTheNextTime(t *testing.T) {
	open(t, func(o *office) {
		o.asks()
		time.Sleep(45 * time.Minute)
		o.fails = 1
		if _, err := o.Handle(t.Context(), document()); err == nil {
			t.Error("the failure did not strike")
		}
		o.asks()
		o.asks()
		if len(o.subjects(anna)) != 2 || len(o.subjects(ben)) != 2 {
			t.Errorf("got mails %q and %q, want one reminder for each", o.subjects(anna), o.subjects(ben))
		}
	})
}

func TestOverIsOver(t *testing.T) {
	open(t, func(o *office) {
		o.asks()
		time.Sleep(time.Hour)
		for range 2 {
			_, err := o.Handle(t.Context(), document())
			if want := "too few decided in time; it was over at 2000-01-01 01:00:00 UTC."; !fault.Is(err, fault.Expired) || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if v := o.vote(unchanged); v.Outcome.Kind != approval.Expired || len(o.mails) != 2 {
			t.Errorf("got %+v and %d mails, want it closed and nobody reminded", v.Outcome, len(o.mails))
		}
	})
}

// TestDecidedIsNoError: the state that waits for people delivers it.
func TestDecidedIsNoError(t *testing.T) {
	for _, kind := range []string{approval.Approve, approval.Reject, approval.Withdrawn} {
		open(t, func(o *office) {
			o.asks()
			o.vote(func(v *approval.Vote) { v.Outcome.Kind = kind })
			time.Sleep(2 * time.Hour)
			if result := o.asks(); result.WaitSeconds != 1 {
				t.Errorf("%s: got %+v, want it to wait no more", kind, result)
			}
			if v := o.vote(unchanged); v.Outcome.Kind != kind || len(o.mails) != 2 {
				t.Errorf("%s became %+v, and %d mails were sent", kind, v.Outcome, len(o.mails))
			}
		})
	}
}

func TestTooFewToAskIsDenied(t *testing.T) {
	open(t, func(o *office) {
		doc := document()
		doc.Request.RequestedBy, doc.Plan.Release.Author = anna, ben
		if _, err := o.Handle(t.Context(), doc); !fault.Is(err, fault.Denied) || len(o.mails) > 0 {
			t.Errorf("got %v and %d mails, want it denied", err, len(o.mails))
		}
	})
}

// TestAnotherPlanIsAnotherVote: with other links and other codes.
func TestAnotherPlanIsAnotherVote(t *testing.T) {
	open(t, func(o *office) {
		o.asks()
		doc := document()
		doc.Plan.Digest = "sha256:other"
		if _, err := o.Handle(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
		if len(o.subjects(anna)) != 2 || o.mails[0].Body == o.mails[2].Body {
			t.Errorf("got mails %q, want two different ones", o.subjects(anna))
		}
		if votes, err := o.ledger.Votes(t.Context(), "d1"); err != nil || len(votes) != 2 {
			t.Errorf("got %d votes and error %v, want two", len(votes), err)
		}
	})
}
