package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Question is what a vote is opened for.
type Question struct {
	Deployment  string
	Scope       deploy.Scope
	Environment deploy.Environment
	PlanDigest  string
	// Round counts how often people are asked about the deployment: a plan that comes back after
	// another is asked about anew.
	Round    int
	Headline string
	Summary  string
	// RequestedBy and Author are not asked, under none of their names.
	RequestedBy string
	Author      string
}

// MaxRounds bounds how often the plan of a deployment may change under people's hands.
const MaxRounds = 3

// VoteID names the vote on one plan of one deployment in one round; those of a deployment sort
// together.
func VoteID(deployment, planDigest string, round int) string {
	return fmt.Sprintf("%s#%s#%d", deployment, planDigest, round)
}

// New is an open vote on a question, with a ballot for everybody who may agree, and the codes by
// which they decide. The same question has the same ids and codes, whenever it is asked. Too few
// who may agree is fault.Denied, in words that say who is left out and what is missing.
func New(keys Keys, q Question, now time.Time) (Vote, map[string]string, error) {
	rules := q.Environment.Approval
	asked := eligible(q)
	if err := enough(q, asked); err != nil {
		return Vote{}, nil, err
	}
	v := Vote{
		ID: VoteID(q.Deployment, q.PlanDigest, q.Round), Deployment: q.Deployment, Scope: q.Scope, PlanDigest: q.PlanDigest,
		Headline: q.Headline, Summary: q.Summary, RequestedBy: q.RequestedBy, Quorum: max(1, rules.Quorum),
		OpenedAt: now, ExpiresAt: now.Add(time.Duration(rules.ExpiresSeconds) * time.Second),
		RemindBefore: time.Duration(rules.RemindSeconds) * time.Second, DelayBy: time.Duration(rules.DelaySeconds) * time.Second,
	}
	for _, group := range rules.Groups {
		v.Groups = append(v.Groups, deploy.Group{Name: group.Name, Members: among(group.Members, asked), Quorum: max(1, group.Quorum)})
	}
	codes := map[string]string{}
	for _, approver := range asked {
		id, code := keys.Derive(v.ID, approver)
		v.Ballots = append(v.Ballots, Ballot{ID: id, Approver: approver, CodeHash: Hash(id, code)})
		codes[approver] = code
	}
	return v, codes, nil
}

// eligible are those who may agree: everybody named, but neither who asked for it nor who wrote
// it, under whichever of their names.
func eligible(q Question) []string {
	return slices.DeleteFunc(q.Environment.Approval.Everybody(), func(approver string) bool {
		return strings.EqualFold(approver, q.Environment.MailOf(q.RequestedBy)) || strings.EqualFold(approver, q.Environment.MailOf(q.Author))
	})
}

// enough refuses a question that cannot be approved by those who are asked.
func enough(q Question, asked []string) error {
	rules := q.Environment.Approval
	without := fmt.Sprintf("without %s, who asked for it, and %s, who wrote it", q.RequestedBy, q.Author)
	if q.Author == "" || strings.EqualFold(q.Environment.MailOf(q.Author), q.Environment.MailOf(q.RequestedBy)) {
		without = fmt.Sprintf("without %s, who asked for it", q.RequestedBy)
	}
	if need := max(1, rules.Quorum); len(asked) < need {
		return fault.New(fault.Denied, "%d must agree to a deployment to %s, and %s only %s left (%s); name more approvers in pilotage.yaml, or let somebody else ask",
			need, q.Scope.Environment, without, count(len(asked)), strings.Join(rules.Everybody(), ", "))
	}
	for _, group := range rules.Groups {
		if members, need := among(group.Members, asked), max(1, group.Quorum); len(members) < need {
			return fault.New(fault.Denied, "%d of group %q must agree to a deployment to %s, and %s only %s left (%s); name more members in pilotage.yaml, or let somebody else ask",
				need, group.Name, q.Scope.Environment, without, count(len(members)), strings.Join(group.Members, ", "))
		}
	}
	return nil
}

func count(people int) string {
	if people == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", people)
}

// among are those of the names that are in a list.
func among(names, list []string) []string {
	var found []string
	for _, name := range names {
		if slices.ContainsFunc(list, func(other string) bool { return strings.EqualFold(other, name) }) {
			found = append(found, name)
		}
	}
	return found
}
