package config

import (
	"net/http"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// env is where the fields of an environment are.
const env = "environments.<name>."

// rules are those of every field, in the order of the reference.
func rules() []rule {
	return append(append(serviceRules(), environmentRules()...), append(gateRules(), careRules()...)...)
}

// serviceRules are those outside the environments.
func serviceRules() []rule {
	return []rule{
		{path: "service", presence: required, form: form.Name, example: "running-app",
			meaning: "The service's name in ledger keys, resource names and messages."},
		{path: "repository", presence: required, form: form.Repository, example: "owner/name",
			meaning: "The repository whose pushes may be deployed."},
		{path: "region", form: form.Region, usually: "the pipeline's own",
			meaning: "The AWS region of all environments."},
		{path: "environments", presence: required, span: within(1, 20),
			meaning: "What the service is deployed to, by name."},
		{path: "environments.<name>", form: form.Name, meaning: "One environment."},
	}
}

// environmentRules are those of what may come to an environment, how it runs and how it gets its
// traffic.
func environmentRules() []rule {
	return []rule{
		{path: env + "url", presence: required, form: form.URL, example: "https://staging.example.com",
			meaning: "Where users reach the service."},
		{path: env + "branch", form: form.Branch, usually: "none",
			meaning: "Pushes to this branch are deployed here by themselves."},
		{path: env + "promoteFrom", form: form.Name, usually: "none",
			meaning: "The environment in which the very same artefact must have been verified."},
		{path: env + "promoteWithinHours", unit: "h", span: within(1, 8760), usual: usualPromotionHours, usually: "with promoteFrom",
			meaning: "How old that deployment may be."},
		{path: env + "evidence", span: within(0, 50), usually: "none", meaning: "Checks that a release must have passed before it may come here."},
		{path: env + "evidence[]", form: form.Slug, meaning: "The name of a check, as in the release's evidence."},
		{path: env + "timeoutSeconds", unit: "s", span: within(60, 86400),
			meaning: "How long the active part of a deployment may take, from taking the lock to the end. Waiting for people does not count."},

		{path: env + "strategy", presence: required, meaning: "How traffic moves to the candidate."},
		{path: env + "strategy.kind", presence: required, among: []string{"canary", "blue-green", "rolling"}, example: "canary",
			meaning: "canary: small weights first, each judged by the analysis. blue-green: everything at once. rolling: a share of the instances at a time."},
		{path: env + "strategy.steps", presence: required, span: within(1, 20), example: "[{weight: 100, bakeSeconds: 300}]",
			meaning: "The weights of the candidate in order. They rise, and the last is 100."},
		{path: env + "strategy.steps[]", meaning: "One step."},
		{path: env + "strategy.steps[].weight", presence: required, unit: "%", span: within(1, 100),
			meaning: "What the candidate gets of the traffic."},
		{path: env + "strategy.steps[].bakeSeconds", presence: required, unit: "s", span: within(0, 86400),
			meaning: "How long the weight is observed before the next step."},
		{path: env + "strategy.settleSeconds", unit: "s", span: within(0, 604800),
			meaning: "How long the old slot stays warm after promotion, for a way back within seconds."},
		{path: env + "strategy.probeRequests", unit: "requests", span: within(10, 1000),
			meaning: "How many requests prove a weight on the data plane."},
		{path: env + "strategy.maintenance",
			meaning: "Answer users with a maintenance page from before the backup until the candidate is verified."},

		{path: env + "capacity", presence: required, meaning: "What each slot gets while it runs a release."},
		{path: env + "capacity.cpuMillis", presence: required, unit: "thousandths of a core", span: within(64, 192000), example: "1000",
			meaning: "CPU of one task."},
		{path: env + "capacity.memoryMiB", presence: required, unit: "MiB", span: within(32, 1048576), example: "2048",
			meaning: "Memory of one task."},
		{path: env + "capacity.replicas", presence: required, unit: "tasks", span: within(1, 1000), example: "2",
			meaning: "How many tasks run."},
		{path: env + "capacity.logLevel", among: []string{"debug", "info", "warn", "error"},
			meaning: "Passed to the service as LOG_LEVEL."},

		{path: env + "health", presence: required, meaning: "How a slot's tasks are checked, and how long they may take to get ready."},
		{path: env + "health.path", presence: required, form: form.Path, example: "/health/readiness",
			meaning: "What the load balancer asks each task for; 200 means ready."},
		{path: env + "health.intervalSeconds", unit: "s", span: within(5, 300),
			meaning: "Time between two checks of one task."},
		{path: env + "health.readyWithinSeconds", unit: "s", span: within(1, 3600),
			meaning: "How long a release may take from start to healthy."},
		{path: env + "health.pollSeconds", unit: "s", span: within(1, 300),
			meaning: "How long the pipeline waits before it looks again."},
	}
}

// gateRules are those of what must hold before a release gets users, or more of them.
func gateRules() []rule {
	return []rule{
		{path: env + "smokeTests", presence: required, span: within(1, 100), meaning: "Requests whose answers show that a release works, sent before users get to it.",
			example: "[{name: ready, path: /health/readiness, critical: true}]"},
		{path: env + "smokeTests[]", meaning: "One request."},
		{path: env + "smokeTests[].name", presence: required, form: form.Title, example: "list runs", meaning: "Names the test in reports."},
		{path: env + "smokeTests[].method", usual: usualMethod, meaning: "The HTTP method.",
			among: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}},
		{path: env + "smokeTests[].path", presence: required, form: form.Path, example: "/health/readiness", meaning: "What is asked for, its query included."},
		{path: env + "smokeTests[].body", usually: "none", meaning: "The body of the request, sent as JSON."},
		{path: env + "smokeTests[].status", span: within(100, 599), usual: usualStatus, meaning: "The expected HTTP status."},
		{path: env + "smokeTests[].contains", usually: "anything", meaning: "Must be in the body of the answer."},
		{path: env + "smokeTests[].critical", meaning: "An emergency rollback runs this test too."},

		{path: env + "analysis", meaning: "How the candidate is compared with the active release while it bakes."},
		{path: env + "analysis.alpha", span: span{bound: true, least: 0, most: 0.5, above: true, below: true},
			meaning: "Accepted probability of rolling back a candidate that is no worse."},
		{path: env + "analysis.tolerance", span: span{bound: true, least: 1, most: 1000, above: true},
			meaning: "The largest ratio of error rates, candidate to active, that may pass."},
		{path: env + "analysis.errorBudget", span: span{bound: true, least: 0, most: 1, below: true},
			meaning: "The error rate, as a fraction of requests, below which a candidate passes whatever the ratio. 0 asks for the ratio always; a service without errors can then never pass."},
		{path: env + "analysis.minRequests", unit: "requests", span: within(0, 1e9),
			meaning: "How many requests a candidate must have answered to pass a step."},
		{path: env + "analysis.peekSeconds", unit: "s", span: within(1, 300), meaning: "Time between two looks."},
		{path: env + "analysis.whenInconclusive", among: []string{deploy.InconclusiveProceed, deploy.InconclusiveExtend, deploy.InconclusiveFail},
			meaning: "What follows a bake that ended without enough data: proceed to the next step, extend the bake, or fail."},
		{path: env + "analysis.extendSeconds", unit: "s", span: within(0, 86400),
			meaning: "Bounds all extensions of one step together."},

		{path: env + "approval", presence: required, meaning: "Who has to agree to a plan.", example: "{required: false}"},
		{path: env + "approval.required", presence: required, example: "false", meaning: "Whether people have to agree before anything is changed. There is no default: a gate is never off unsaid."},
		{path: env + "approval.approvers", span: within(0, 50), usually: "none", meaning: "Who is asked. The requester and the release's author are not."},
		{path: env + "approval.approvers[]", form: form.Mail, meaning: "A mail address."},
		{path: env + "approval.expiresSeconds", unit: "s", span: within(60, 604800), usual: usualExpirySeconds, usually: "where approval is asked for",
			meaning: "How long people have."},
	}
}

// careRules are those of the database, of going back and of telling people.
func careRules() []rule {
	return []rule{
		{path: env + "database", presence: required, meaning: "How the service's database is backed up and migrated."},
		{path: env + "database.instance", presence: required, form: form.Instance, example: "running-app-staging",
			meaning: "The identifier of the RDS instance or Aurora cluster."},
		{path: env + "database.backup", meaning: "Take a snapshot before anything is migrated."},
		{path: env + "database.lockTimeoutSeconds", unit: "s", span: within(1, 300),
			meaning: "How long a statement of a migration may wait for a lock. Requests that come meanwhile wait behind it."},
		{path: env + "database.statementTimeoutSeconds", unit: "s", span: within(1, 86400),
			meaning: "How long a statement of a migration may run."},

		{path: env + "rollback", meaning: "How a deployment is taken back."},
		{path: env + "rollback.schema", among: []string{deploy.SchemaKeep, deploy.SchemaDown},
			meaning: "What becomes of migrations that were applied: keep leaves them, down reverts them. Restoring the backup loses writes; it is asked for by a person, never configured."},
		{path: env + "rollback.timeoutSeconds", unit: "s", span: within(60, 86400), meaning: "How long going back may take."},
		{path: env + "rollback.approvalRequired", meaning: "Ask for approval of a standard rollback. An emergency one never waits for it."},
		{path: env + "rollback.haltGraceSeconds", unit: "s", span: within(1, 900),
			meaning: "How long an emergency rollback waits for a running deployment to stop by itself before it takes its lock."},

		{path: env + "queue", meaning: "What a deployment does that finds the lock taken."},
		{path: env + "queue.policy", among: []string{deploy.QueueWait, deploy.QueueReject}, meaning: "queue: wait for it. reject: refuse the deployment."},
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
	}
}
