package report

import (
	"context"
	"errors"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/ledger"
)

// speaker says to GitHub what it does not know yet of one deployment. It holds the claim on the
// deployment's report.
type speaker struct {
	client *github.Client
	ledger Ledger
	by     string

	entry       ledger.Deployment
	live        ledger.Live
	report      ledger.Report
	repository  string
	commit      string
	environment deploy.Environment

	told []string
}

// speak says everything. A permission that is missing for one thing does not keep the others from
// being said.
func (s *speaker) speak(ctx context.Context) error {
	tagged := s.tag(ctx)
	return errors.Join(tagged, s.deployment(ctx), s.status(ctx))
}

// tag tags the commit of a release that is live, once.
func (s *speaker) tag(ctx context.Context) error {
	if !s.entry.Verified() || s.environment.Tag == "" || s.report.Tag != "" {
		return nil
	}
	name := strings.ReplaceAll(s.environment.Tag, "{version}", s.entry.Plan.Release.Version)
	at, err := s.client.Tag(ctx, s.repository, name, s.commit)
	if err != nil {
		return err
	}
	return s.remember(ctx, "tag "+name+" at "+short(at), func(report *ledger.Report) { report.Tag, report.TaggedAt = name, at })
}

// deployment says how the deployment is.
func (s *speaker) deployment(ctx context.Context) error {
	want := s.state()
	if s.report.State == string(want) {
		return nil
	}
	if s.report.GitHub == 0 {
		id, err := s.client.Deploy(ctx, s.repository, github.Deployment{
			ID: s.entry.ID, Commit: s.commit, Environment: s.entry.Scope.Environment, Description: s.asked(),
		})
		if err != nil {
			return err
		}
		if err := s.remember(ctx, "", func(report *ledger.Report) { report.GitHub = id }); err != nil {
			return err
		}
	}
	said := github.DeploymentState(s.report.State)
	if want == github.DeploymentInactive && said != github.DeploymentSuccess {
		// The history says that it was live, too.
		if err := s.say(ctx, github.DeploymentSuccess); err != nil {
			return err
		}
	}
	return s.say(ctx, want)
}

func (s *speaker) say(ctx context.Context, state github.DeploymentState) error {
	status := github.DeploymentStatus{State: state, Description: s.describe(state), LogURL: consoleURL(s.entry.Execution)}
	if state == github.DeploymentSuccess {
		status.EnvironmentURL = s.environment.URL
	}
	if err := s.client.SetDeploymentStatus(ctx, s.repository, s.report.GitHub, status); err != nil {
		return err
	}
	return s.remember(ctx, "deployment of "+s.entry.ID+": "+string(state), func(report *ledger.Report) { report.State = string(state) })
}

// status says how the commit is in the environment.
func (s *speaker) status(ctx context.Context) error {
	state, text := s.verdict()
	if s.report.Commit == string(state) {
		return nil
	}
	status := github.CommitStatus{Context: "pilotage/" + s.entry.Scope.Environment, State: state, Description: text, TargetURL: consoleURL(s.entry.Execution)}
	if err := s.client.SetCommitStatus(ctx, s.repository, s.commit, status); err != nil {
		return err
	}
	return s.remember(ctx, "commit "+short(s.commit)+": "+string(state), func(report *ledger.Report) { report.Commit = string(state) })
}

// remember keeps what was said. Between the two a crash makes it be said again.
func (s *speaker) remember(ctx context.Context, told string, change func(*ledger.Report)) error {
	if told != "" {
		s.told = append(s.told, told)
	}
	change(&s.report)
	return s.ledger.AmendReport(ctx, s.entry.ID, s.by, change)
}

func short(commit string) string { return commit[:min(len(commit), 7)] }
