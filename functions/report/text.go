package report

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
)

// state is how the deployment is now. Red is what was tried and taken back, or refused; one that
// was live and is no more is inactive.
func (s *speaker) state() github.DeploymentState {
	switch s.entry.Outcome {
	case deploy.Succeeded:
		if s.entry.UndoneBy == "" && s.live.Deployment == s.entry.ID {
			return github.DeploymentSuccess
		}
		return github.DeploymentInactive
	case deploy.RolledBack:
		return github.DeploymentFailure
	case deploy.Refused, deploy.FailedDirty:
		return github.DeploymentError
	default:
		return github.DeploymentInProgress
	}
}

// verdict is what is to be said of the commit. One that is live by another deployment is not bad
// because this one was refused.
func (s *speaker) verdict() (github.CommitState, string) {
	elsewhere := s.live.Deployment != s.entry.ID && s.live.Release.Commit == s.commit
	switch {
	case s.entry.Open():
		return github.CommitPending, s.asked()
	case s.entry.Verified():
		return github.CommitSuccess, s.describe(s.state())
	case elsewhere:
		return github.CommitSuccess, fmt.Sprintf("%s is live by %s", s.live.Release.Version, s.live.Deployment)
	case s.entry.Outcome == deploy.Succeeded || s.entry.Outcome == deploy.RolledBack:
		return github.CommitFailure, s.describe(s.state())
	}
	return github.CommitError, s.describe(s.state())
}

// describe is one line on a state. Causes stay in the record: a repository may be public.
func (s *speaker) describe(state github.DeploymentState) string {
	version := cmp.Or(s.entry.Plan.Release.Version, s.entry.Request.Release)
	why := fmt.Sprintf("%s in %s", cmp.Or(s.entry.Error.Error, string(fault.Internal)), cmp.Or(s.entry.Error.Stage, "execution"))
	switch state {
	case github.DeploymentSuccess:
		return s.successful(version)
	case github.DeploymentInactive:
		if by := s.entry.UndoneBy; by != "" {
			return fmt.Sprintf("%s was live and was taken back by %s", version, by)
		}
		return fmt.Sprintf("%s was live until %s", version, cmp.Or(s.live.Deployment, "it was taken back"))
	case github.DeploymentFailure:
		return "taken back: " + why
	case github.DeploymentError:
		if s.entry.Outcome == deploy.FailedDirty {
			return "could not be taken back, people are called: " + why
		}
		return "refused, nothing was changed: " + why
	default:
		return s.asked()
	}
}

func (s *speaker) successful(version string) string {
	text := version + " is live"
	if s.report.State == string(github.DeploymentInactive) {
		text += " again"
	}
	if s.report.Tag != "" && s.report.TaggedAt != s.commit {
		text += fmt.Sprintf("; tag %s was left at %s, another commit", s.report.Tag, short(s.report.TaggedAt))
	}
	return text
}

// asked says who wanted it: by the login that GitHub knows, or by the kind of the source. Mail
// addresses are nobody's business there.
func (s *speaker) asked() string {
	who := cmp.Or(s.entry.Request.Source.Kind, deploy.FromConsole)
	for _, person := range s.environment.People {
		if person.GitHub != "" && strings.EqualFold(person.Mail, s.entry.Request.RequestedBy) {
			who = person.GitHub
		}
	}
	return fmt.Sprintf("asked for by %s: %s", who, s.entry.Request.Reason)
}

// consoleURL is where Step Functions shows an execution; empty where it has no console, as on this
// machine and in partitions of AWS that have others.
func consoleURL(execution string) string {
	parts := strings.Split(execution, ":")
	if len(parts) < 8 || parts[0] != "arn" || parts[1] != "aws" || !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`).MatchString(parts[3]) {
		return ""
	}
	return fmt.Sprintf("https://%s.console.aws.amazon.com/states/home?region=%s#/v2/executions/details/%s", parts[3], parts[3], execution)
}
