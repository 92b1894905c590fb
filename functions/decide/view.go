package decide

import (
	"strings"
	"time"
	"unicode"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/notify"
)

// view is what the page shows.
type view struct {
	Title string
	// Message says how things stand, Alert what was refused just now.
	Message string
	Alert   string
	// Headline is the deployment in one line, Summary the plan, as pairs of a name and its text.
	Headline string
	Summary  [][2]string
	// Needed is what an approval takes, Voices what everybody said.
	Needed string
	Voices []voice
	// Open says that this approver's decision is still wanted.
	Open     bool
	Approver string
	Until    string
	Plan     string
	// MoreTime is how much longer people have when somebody asks for it; empty when nobody can.
	MoreTime string
	// Reason is what was typed already.
	Reason string
}

// voice is one line of the table of approvers.
type voice struct {
	Approver, Said, At, Reason string
	// You marks the one whose page it is.
	You bool
}

// show is the page of a ballot: the question, or what came of it.
func show(v approval.Vote, id string, now time.Time) view {
	ballot, _ := v.Ballot(id)
	made := view{
		Headline: v.Headline, Summary: notify.Rows(v.Summary), Needed: v.Needed(), Approver: ballot.Approver,
		Until: notify.Time(v.ExpiresAt), Plan: v.PlanDigest, Title: "May this be deployed?",
	}
	for _, b := range v.Ballots {
		made.Voices = append(made.Voices, said(b, id))
	}
	story := capital(v.Story())
	switch {
	case v.Void != "" && v.Outcome.Kind != approval.Withdrawn:
		made.Title, made.Message = "No longer valid", "It was "+v.Story()+" But: "+v.Void
	case v.Void != "":
		made.Title, made.Message = "No longer valid", story
	case v.Outcome.Kind == approval.Approve:
		made.Title, made.Message = "Approved", story
	case v.Outcome.Kind == approval.Reject:
		made.Title, made.Message = "Rejected", story
	case v.Outcome.Kind == approval.Expired || !now.Before(v.ExpiresAt):
		made.Title, made.Message = "Expired", "Too few decided in time, so this deployment is refused. It can be asked for again."
	case ballot.Void != "":
		made.Title, made.Message = "Your ballot is void", ballot.Void+" The others can still decide."
	case ballot.Decision.Kind != "":
		made.Title, made.Message = "You decided", "You decided to "+ballot.Decision.Kind+". Others have to agree as well."
	default:
		made.Open = true
		if v.DelayBy > 0 && ballot.Delay.At.IsZero() {
			made.MoreTime = notify.Duration(int(v.DelayBy.Seconds()))
		}
	}
	return made
}

func said(b approval.Ballot, id string) voice {
	line := voice{Approver: b.Approver, You: b.ID == id, Said: "not yet", Reason: b.Decision.Reason}
	switch {
	case b.Decision.Kind == approval.Approve:
		line.Said, line.At = "approved", notify.Time(b.Decision.At)
	case b.Decision.Kind == approval.Reject:
		line.Said, line.At = "rejected", notify.Time(b.Decision.At)
	case b.Void != "":
		line.Said = "void"
	case !b.Delay.At.IsZero():
		line.Said, line.At, line.Reason = "asked for more time", notify.Time(b.Delay.At), b.Delay.Reason
	}
	return line
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	runes := []rune(text)
	return string(unicode.ToUpper(runes[0])) + strings.TrimSpace(string(runes[1:]))
}
