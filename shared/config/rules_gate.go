package config

import (
	"net/http"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// smokeRules are those of the requests that a release must answer.
func smokeRules() []rule {
	return []rule{
		{
			path: env + "smokeTests", presence: required, span: within(1, 100), meaning: "Requests whose answers show that a release works, sent before users get to it.",
			example: "[{name: ready, path: /health/readiness, critical: true}]",
		},
		{path: env + "smokeTests[]", meaning: "One request."},
		{path: env + "smokeTests[].name", presence: required, form: form.Title, example: "list runs", meaning: "Names the test in reports."},
		{
			path: env + "smokeTests[].method", usual: usualMethod, meaning: "The HTTP method.",
			among: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions},
		},
		{path: env + "smokeTests[].path", presence: required, form: form.Path, example: "/health/readiness", meaning: "What is asked for, its query included."},
		{path: env + "smokeTests[].body", usually: "none", meaning: "The body of the request, sent as JSON."},
		{path: env + "smokeTests[].status", span: within(100, 599), usual: usualStatus, meaning: "The expected HTTP status."},
		{path: env + "smokeTests[].contains", usually: "anything", meaning: "Must be in the body of the answer."},
		{path: env + "smokeTests[].critical", meaning: "An emergency rollback runs this test too."},
	}
}

// analysisRules are those of how the candidate is judged.
func analysisRules() []rule {
	return []rule{
		{path: env + "analysis", meaning: "How the candidate is compared with the active release while it bakes."},
		{
			path: env + "analysis.source", among: []string{deploy.SourceBalancer, deploy.SourceApplication},
			meaning: "Who counts requests and errors on AWS. balancer: the load balancer, by the minute and up to five minutes late; it asks nothing of the service. application: the service itself, by ten seconds, where it writes embedded metrics as [the analysis](analysis.md#where-the-counts-come-from) says. On one machine the router counts.",
		},
		{
			path: env + "analysis.alpha", span: span{bound: true, least: 0, most: 0.5, above: true, below: true},
			meaning: "Accepted probability of rolling back a candidate that is no worse.",
		},
		{
			path: env + "analysis.tolerance", span: span{bound: true, least: 1, most: 1000, above: true},
			meaning: "The largest ratio of error rates, candidate to active, that may pass.",
		},
		{
			path: env + "analysis.errorBudget", span: span{bound: true, least: 0, most: 1, below: true},
			meaning: "The error rate, as a fraction of requests, below which a candidate passes whatever the ratio. 0 asks for the ratio always; a service without errors can then never pass.",
		},
		{
			path: env + "analysis.minRequests", unit: "requests", span: within(0, 1e9),
			meaning: "How many requests a candidate must have answered to pass a step.",
		},
		{path: env + "analysis.peekSeconds", unit: "s", span: within(1, 300), meaning: "Time between two looks."},
		{
			path: env + "analysis.whenInconclusive", among: []string{deploy.InconclusiveProceed, deploy.InconclusiveExtend, deploy.InconclusiveFail},
			meaning: "What follows a bake that ended without enough data: proceed to the next step, extend the bake, or fail.",
		},
		{
			path: env + "analysis.extendSeconds", unit: "s", span: within(0, 86400),
			meaning: "Bounds all extensions of one step together.",
		},
	}
}

// approvalRules are those of the people who have to agree.
func approvalRules() []rule {
	return []rule{
		{path: env + "approval", presence: required, meaning: "Who has to agree to a plan.", example: "{required: false}"},
		{path: env + "approval.required", presence: required, example: "false", meaning: "Whether people have to agree before anything is changed. There is no default: a gate is never off unsaid."},
		{path: env + "approval.approvers", span: within(0, 50), usually: "none", meaning: "Who is asked. The requester and the release's author are not."},
		{path: env + "approval.approvers[]", form: form.Mail, meaning: "A mail address."},
		{
			path: env + "approval.expiresSeconds", unit: "s", span: within(60, 604800), usual: usualExpirySeconds, usually: "where approval is asked for",
			meaning: "How long people have.",
		},
		{
			path: env + "approval.quorum", unit: "people", span: within(1, 50), usual: usualQuorum, usually: "where approval is asked for",
			meaning: "How many of those who are asked have to agree. One rejection is enough to reject.",
		},
		{path: env + "approval.groups", span: within(0, 10), usually: "none", meaning: "Groups that each have to be heard as well; their members are asked too."},
		{path: env + "approval.groups[]", meaning: "One group."},
		{path: env + "approval.groups[].name", presence: required, form: form.Slug, example: "security", meaning: "Names the group in mails and records."},
		{path: env + "approval.groups[].members", presence: required, span: within(1, 50), example: "[ben@example.com]", meaning: "Who belongs to it."},
		{path: env + "approval.groups[].members[]", form: form.Mail, meaning: "A mail address."},
		{path: env + "approval.groups[].quorum", unit: "people", span: within(1, 50), usual: usualQuorum, meaning: "How many of them have to agree."},
		{
			path: env + "approval.remindSeconds", unit: "s", span: within(0, 604800),
			meaning: "How long before the end those are reminded who have not decided; at most a quarter of `expiresSeconds` where that is shorter. 0 reminds nobody.",
		},
		{
			path: env + "approval.delaySeconds", unit: "s", span: within(0, 604800),
			meaning: "How much longer people have when an approver asks for it, which each may once. 0 lets nobody ask.",
		},
	}
}

// databaseRules are those of backups and migrations.
func databaseRules() []rule {
	return []rule{
		{path: env + "database", presence: required, meaning: "How the service's database is backed up and migrated."},
		{
			path: env + "database.instance", presence: required, form: form.Instance, example: "running-app-staging",
			meaning: "The identifier of the RDS instance or Aurora cluster.",
		},
		{path: env + "database.backup", meaning: "Take a snapshot before anything is migrated."},
		{
			path: env + "database.lockTimeoutSeconds", unit: "s", span: within(1, 300),
			meaning: "How long a statement of a migration may wait for a lock. Requests that come meanwhile wait behind it.",
		},
		{
			path: env + "database.statementTimeoutSeconds", unit: "s", span: within(1, 86400),
			meaning: "How long a statement of a migration may run.",
		},
	}
}

// rollbackRules are those of going back, of waiting and of telling people.
func rollbackRules() []rule {
	return []rule{
		{path: env + "rollback", meaning: "How a deployment is taken back."},
		{
			path: env + "rollback.schema", among: []string{deploy.SchemaKeep, deploy.SchemaDown},
			meaning: "What becomes of migrations that were applied: keep leaves them, down reverts them. Restoring the backup loses writes; it is asked for by a person, never configured.",
		},
		{path: env + "rollback.timeoutSeconds", unit: "s", span: within(60, 86400), meaning: "How long going back may take."},
		{path: env + "rollback.approvalRequired", meaning: "Ask for approval of a standard rollback. An emergency one never waits for it."},
		{
			path: env + "rollback.haltGraceSeconds", unit: "s", span: within(1, 900),
			meaning: "How long an emergency rollback waits for a running deployment to stop by itself before it takes its lock.",
		},

		{path: env + "queue", meaning: "What a deployment does that finds the lock taken."},
		{path: env + "queue.policy", among: []string{deploy.QueueWait, deploy.QueueSupersede, deploy.QueueReject}, meaning: "queue: wait for it, in the order of arrival. supersede: the same, but a newer deployment takes the place of those that wait; they are refused. reject: refuse the deployment."},
		{path: env + "queue.waitSeconds", unit: "s", span: within(1, 86400), meaning: "Bounds the waiting."},

		{path: env + "notify", presence: required, meaning: "Who is told."},
		{path: env + "notify.team", presence: required, span: within(1, 50), example: "[team@example.com]", meaning: "Told of each start and each end."},
		{path: env + "notify.team[]", form: form.Mail, meaning: "A mail address."},
		{path: env + "notify.onCall", presence: required, span: within(1, 50), example: "[oncall@example.com]", meaning: "Paged when a deployment could not be taken back."},
		{path: env + "notify.onCall[]", form: form.Mail, meaning: "A mail address."},

		{path: env + "freezes", span: within(0, 100), usually: "none", meaning: "Windows of time in which nothing is deployed, rollbacks excepted."},
		{path: env + "freezes[]", meaning: "One window."},
		{path: env + "freezes[].name", presence: required, form: form.Title, example: "marathon weekend", meaning: "Names the window in messages."},
		{path: env + "freezes[].from", presence: required, form: form.Time, example: "2026-12-24T00:00:00Z", meaning: "When it begins."},
		{path: env + "freezes[].until", presence: required, form: form.Time, example: "2026-12-27T00:00:00Z", meaning: "When it is over; this moment is not part of it."},
		{
			path: env + "freezes[].repeats", form: form.Recurrence, usually: "once",
			meaning: "How the window is repeated: a recurrence rule of RFC 5545, daily at most. `from` and `until` are then those of the first window. Windows that overlap or touch are one.",
		},
		{path: env + "freezes[].timezone", form: form.Timezone, usually: "UTC", meaning: "In whose time it is repeated: a window from 17:00 until 06:00 begins and ends at these times in summer and in winter, so that it is an hour shorter or longer when the clocks are changed in between."},
	}
}
