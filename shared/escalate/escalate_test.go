package escalate_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/escalate"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

type settings struct{}

func (settings) Environment(_ context.Context, scope deploy.Scope) (deploy.Environment, error) {
	return sim.Environment(scope), nil
}

type mailbox struct{ ids []string }

func (m *mailbox) Tell(_ context.Context, to []string, message notify.Message) ([]string, error) {
	m.ids = append(m.ids, message.ID)
	return to, nil
}

func TestPageIsForTheDeploymentThatIsLeftDirty(t *testing.T) {
	for name, test := range map[string]struct {
		named, undoes, want string
	}{
		"a rollback that names it":       {"d1", "d1", "d1"},
		"one that names none":            {"", "d1", "d1"},
		"one that fails before its plan": {"d1", "", "d1"},
		"one that never knew":            {"", "", "r1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
				if err := l.Begin(t.Context(), ledger.Deployment{ID: "d1", Kind: deploy.KindDeploy, Scope: sim.Scope()}); err != nil {
					t.Fatal(err)
				}
				doc := deploy.Document{ID: "r1", Request: deploy.Request{Kind: deploy.KindRollback, Scope: sim.Scope()}}
				doc.Request.Rollback.Deployment, doc.Plan.Undoes = test.named, test.undoes
				mails := &mailbox{}
				paged, err := escalate.Escalation{Ledger: l, Settings: settings{}, Notifier: mails, Clock: clock.System{}}.Page(t.Context(), doc)
				if err != nil || len(paged) != 1 || paged[0] != sim.OnCall || mails.ids[0] != test.want+"#page" {
					t.Errorf("got %v, mails %v and error %v, want a page for %s", paged, mails.ids, err, test.want)
				}
				if hold, err := l.Hold(t.Context(), sim.Scope()); err != nil || !hold.Dirty || hold.Deployment != test.want {
					t.Errorf("got %+v and error %v, want a dirty hold because of %s", hold, err, test.want)
				}
				entry, err := l.Locate(t.Context(), "d1")
				if closed := entry.Outcome == deploy.FailedDirty; err != nil || closed != (test.want == "d1") {
					t.Errorf("d1 ended %q, error %v", entry.Outcome, err)
				}
			})
		})
	}
}
