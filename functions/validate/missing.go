package validate

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/pilotage/pilotage/shared/codebuild"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
	"github.com/pilotage/pilotage/shared/promotion"
)

// missing decides what is done about a release that is not published; unknown is what the catalog
// said. Only a commit can be built or waited for: nobody knows which commit a version or a digest
// will be. What is promoted was published once, and nothing is built for where only that may go.
func (s Stage) missing(ctx context.Context, doc deploy.Document, rules promotion.Rules, unknown error) (deploy.ValidateResult, error) {
	env := rules.Environment
	wanted, policy := doc.Request.Release, env.Build.WhenMissing
	if doc.Request.Promotes != "" {
		return deploy.ValidateResult{}, unknown
	}
	if err := rules.Verified(ctx, doc.Request, promotion.Candidate{}); err != nil {
		return deploy.ValidateResult{}, err
	}
	if !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(wanted) {
		return deploy.ValidateResult{}, unknown
	}
	if policy != deploy.MissingWait && policy != deploy.MissingBuild {
		return deploy.ValidateResult{}, fault.New(fault.Invalid, "%w; to have such a commit built or waited for, set build.whenMissing of %s", unknown, doc.Request.Scope.Environment)
	}
	result := deploy.ValidateResult{Missing: policy, Since: doc.Results.Validate.Since}
	if result.Since.IsZero() {
		result.Since = s.Clock.Now()
	}
	if policy == deploy.MissingBuild {
		result.BuildSeconds = env.Build.TimeoutSeconds
		if doc.Results.Build.Ended {
			return deploy.ValidateResult{}, fault.New(fault.Invalid, "%s", unbuilt(doc))
		}
		return result, s.queue(ctx, doc)
	}
	waited, bound := s.Clock.Now().Sub(result.Since), time.Duration(env.Build.WaitSeconds)*time.Second
	if waited >= bound {
		return deploy.ValidateResult{}, fault.New(fault.Invalid,
			"commit %.7s was not published within %s; publish its release and deploy it again, or let it be built: set build.whenMissing of %s to %s",
			wanted, notify.Duration(env.Build.WaitSeconds), doc.Request.Scope.Environment, deploy.MissingBuild)
	}
	result.WaitSeconds = deploy.PollSeconds(env.Health.PollSeconds, waited, bound)
	return result, s.queue(ctx, doc)
}

// queue takes the deployment's place in the queue of its scope already now, or what is pushed
// later and built sooner would count as older.
func (s Stage) queue(ctx context.Context, doc deploy.Document) error {
	place, err := s.Ledger.Enqueue(ctx, doc.Request.Scope, doc.ID, ledger.Line)
	if err == nil && place.SupersededBy != "" {
		return fault.New(fault.Locked, "superseded by deployment %s, which is newer, before its release was published", place.SupersededBy)
	}
	return err
}

// unbuilt says why there is still no release after a build.
func unbuilt(doc deploy.Document) string {
	build, commit := doc.Results.Build, doc.Request.Release[:7]
	switch {
	case build.Error == codebuild.Timeout:
		return fmt.Sprintf("commit %s is not published: its build took longer than %s and was given up; its log is in CodeBuild, or give it more time with build.timeoutSeconds of %s",
			commit, notify.Duration(doc.Results.Validate.BuildSeconds), doc.Request.Scope.Environment)
	case build.Error != "":
		return "commit " + commit + " is not published: " + codebuild.Explain(build.Error, build.Cause)
	case build.Log != "":
		return "build " + build.ID + " of commit " + commit + " ended well and published no release; let its buildspec end with `pilotage publish`; its log: " + build.Log
	}
	return "build " + build.ID + " of commit " + commit + " ended well and published no release; let its buildspec end with `pilotage publish`"
}
