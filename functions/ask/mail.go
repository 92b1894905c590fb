package ask

import (
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/notify"
)

// mail is the question to one approver: how to answer first, for that is what a phone shows, then
// what it is about.
func (s Stage) mail(v approval.Vote, b approval.Ballot, code string) string {
	var m strings.Builder
	fmt.Fprintf(&m, "May this be deployed? Read the plan below, then open\n\n  %s/approve/%s\n\nand enter this code there:\n\n  %s\n\n", s.BaseURL, b.ID, code)
	m.WriteString("Opening the page decides nothing. The code is yours alone: do not pass it\non. You can approve, reject, or ask for more time.\n\n")
	m.WriteString(notify.Line("Until", notify.Time(v.ExpiresAt)))
	m.WriteString(notify.Line("It takes", v.Needed()))
	m.WriteString("\n" + v.Summary)
	fmt.Fprintf(&m, "\nOr, with your AWS credentials:\n\n  pilotage approve %s\n", v.Deployment)
	return m.String()
}
