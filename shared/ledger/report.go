package ledger

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
)

// Report is what others have been told of a deployment, and who is telling them now. Events come
// more than once, at the same time and in no order: one at a time tells, and says what holds now.
type Report struct {
	// By is telling until Until; the zero time is nobody.
	By    string    `json:"by,omitempty"`
	Until time.Time `json:"until,omitzero"`
	// GitHub is the id of the deployment there; 0 before there is one.
	GitHub int64 `json:"github,omitempty"`
	// State and Commit are what was said last of the deployment and of its commit, in GitHub's
	// words.
	State  string `json:"state,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Tag is the tag that was asked for, TaggedAt the commit that it was found at.
	Tag      string `json:"tag,omitempty"`
	TaggedAt string `json:"taggedAt,omitempty"`
}

const reportPartition = "reports"

// ClaimReport lets by tell others of a deployment for a while, unless somebody else does at the
// moment. lasts must be longer than whoever tells can live. It returns what is known, and whether
// the claim holds. Claiming again is safe.
func (l *Ledger) ClaimReport(ctx context.Context, deployment, by string, lasts time.Duration) (Report, bool, error) {
	var found Report
	claimed := false
	err := update(ctx, l, reportPartition, deployment, func(report *Report) error {
		now := l.Clock.Now()
		claimed = report.By == by || !now.Before(report.Until)
		if found = *report; !claimed {
			return errUnchanged
		}
		report.By, report.Until = by, now.Add(lasts)
		found = *report
		return nil
	})
	return found, claimed, err
}

// AmendReport lets change edit what others have been told. It is fault.Transient for whom the claim
// has passed on to somebody else. change may be called more than once.
func (l *Ledger) AmendReport(ctx context.Context, deployment, by string, change func(*Report)) error {
	return update(ctx, l, reportPartition, deployment, func(report *Report) error {
		if report.By != by {
			return fault.New(fault.Transient, "report on %s: %s does it now", deployment, report.By)
		}
		change(report)
		return nil
	})
}

// Report reads what others have been told of a deployment, the zero Report when nothing.
func (l *Ledger) Report(ctx context.Context, deployment string) (Report, error) {
	var report Report
	_, err := l.read(ctx, reportPartition, deployment, &report)
	return report, err
}
