package config

import (
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// env is where the fields of an environment are.
const env = "environments.<name>."

// rules are those of every field, in the order of the reference.
func rules() []rule {
	return slices.Concat(serviceRules(), environmentRules(), sourceRules(), strategyRules(), capacityRules(), smokeRules(),
		analysisRules(), approvalRules(), databaseRules(), rollbackRules())
}

// serviceRules are those outside the environments.
func serviceRules() []rule {
	return []rule{
		{
			path: "service", presence: required, form: form.Name, example: "running-app",
			meaning: "The service's name in ledger keys, resource names and messages.",
		},
		{
			path: "repository", presence: required, form: form.Repository, example: "owner/name",
			meaning: "The repository whose pushes may be deployed.",
		},
		{
			path: "buildspec", form: form.File, usually: "`" + usualBuildspec + "`",
			meaning: "The file in the repository by which a commit is built and its release published, where `build.whenMissing` is build.",
		},
		{
			path: "region", form: form.Region, usually: "the pipeline's own",
			meaning: "The AWS region of all environments.",
		},
		{
			path: "environments", presence: required, span: within(1, 20),
			meaning: "What the service is deployed to, by name.",
		},
		{path: "environments.<name>", form: form.Name, meaning: "One environment."},
	}
}

// environmentRules are those of what may come to an environment.
func environmentRules() []rule {
	return []rule{
		{
			path: env + "url", presence: required, form: form.URL, example: "https://staging.example.com",
			meaning: "Where users reach the service.",
		},
		{
			path: env + "branches", span: within(0, 20), usually: "none",
			meaning: "Pushes to these branches are deployed here by themselves.",
		},
		{path: env + "branches[]", form: form.BranchPattern, meaning: "A branch; \"*\" stands for any text without \"/\"."},
		{
			path: env + "promoteFrom", form: form.Name, usually: "none",
			meaning: "The environment in which the very same artefact must have been verified.",
		},
		{
			path: env + "promoteWithinHours", unit: "h", span: within(1, 8760), usual: usualPromotionHours, usually: "with promoteFrom",
			meaning: "How old that deployment may be.",
		},
		{
			path: env + "tag", form: form.Tag, usually: "none",
			meaning: "The tag that a released commit gets in its repository, where a token of GitHub is configured; `{version}` in it is replaced.",
		},
		{
			path: env + "force", span: within(0, 50), usually: "nobody",
			meaning: "Who may deploy past a freeze, a hold, missing evidence and the age of what is promoted. Never past an approval, a dirty hold or a release that was not verified.",
		},
		{path: env + "force[]", form: form.Mail, meaning: "A mail address of `people`, whose `identity` it is."},
		{path: env + "evidence", span: within(0, 50), usually: "none", meaning: "Checks that a release must have passed before it may come here."},
		{path: env + "evidence[]", form: form.Slug, meaning: "The name of a check, as in the release's evidence."},
		{
			path: env + "timeoutSeconds", unit: "s", span: within(60, 86400),
			meaning: "How long the active part of a deployment may take, from taking the lock to the end. Waiting for people does not count.",
		},
	}
}

// sourceRules are those of what begins deployments, and of who is who.
func sourceRules() []rule {
	return []rule{
		{path: env + "pipelines", span: within(0, 20), usually: "none", meaning: "Pipelines of CodePipeline whose success is deployed here by itself."},
		{path: env + "pipelines[]", meaning: "One pipeline."},
		{path: env + "pipelines[].name", presence: required, form: form.PipelineName, example: "running-app-build", meaning: "Its name in CodePipeline."},
		{path: env + "pipelines[].stage", form: form.PipelineName, usually: "the whole pipeline", meaning: "The stage whose success counts."},

		{path: env + "schedule", usually: "never", meaning: "When a deployment begins by itself: of the newest that `promoteFrom` has verified, or else of what its branch was last pushed to."},
		{path: env + "schedule.expression", form: form.ScheduleExpression, usually: "never", meaning: "An expression of EventBridge Scheduler."},
		{path: env + "schedule.timezone", form: form.Timezone, usually: "UTC", meaning: "In whose time it counts."},

		{path: env + "build", meaning: "What happens when a commit is wanted whose release is not published."},
		{
			path: env + "build.whenMissing", among: []string{deploy.MissingRefuse, deploy.MissingWait, deploy.MissingBuild},
			meaning: "refuse the deployment, wait until somebody else has published the release, or build it.",
		},
		{path: env + "build.waitSeconds", unit: "s", span: within(1, 86400), meaning: "How long a release is waited for."},
		{path: env + "build.timeoutSeconds", unit: "s", span: within(60, 28800), meaning: "How long a build may take, waiting for a machine included."},

		{path: env + "people", span: within(0, 200), usually: "none", meaning: "Whom GitHub and AWS know by other names. Without it the login of who pushed is not known to be an approver's."},
		{path: env + "people[]", meaning: "One person."},
		{path: env + "people[].mail", presence: required, form: form.Mail, example: "anna@example.com", meaning: "The mail address, which names the person here."},
		{path: env + "people[].github", form: form.Login, usually: "none", meaning: "The login on GitHub."},
		{path: env + "people[].identity", form: form.Identity, usually: "none", meaning: "By what AWS knows the person: commands are taken from those who have one. It is compared as it is."},
	}
}

// strategyRules are those of how traffic moves.
func strategyRules() []rule {
	return []rule{
		{path: env + "strategy", presence: required, meaning: "How traffic moves to the candidate."},
		{
			path: env + "strategy.kind", presence: required, among: []string{"canary", "blue-green", "rolling"}, example: "canary",
			meaning: "canary: small weights first, each judged by the analysis. blue-green: everything at once. rolling: a share of the instances at a time.",
		},
		{
			path: env + "strategy.steps", presence: required, span: within(1, 20), example: "[{weight: 100, bakeSeconds: 300}]",
			meaning: "The weights of the candidate in order. They rise, and the last is 100.",
		},
		{path: env + "strategy.steps[]", meaning: "One step."},
		{
			path: env + "strategy.steps[].weight", presence: required, unit: "%", span: within(1, 100),
			meaning: "What the candidate gets of the traffic.",
		},
		{
			path: env + "strategy.steps[].bakeSeconds", presence: required, unit: "s", span: within(0, 86400),
			meaning: "How long the weight is observed before the next step.",
		},
		{
			path: env + "strategy.settleSeconds", unit: "s", span: within(0, 604800),
			meaning: "How long the old slot stays warm after promotion, for a way back within seconds.",
		},
		{
			path: env + "strategy.probeRequests", unit: "requests", span: within(10, 1000),
			meaning: "How many requests prove a weight on the data plane.",
		},
		{
			path:    env + "strategy.maintenance",
			meaning: "Answer users with a maintenance page from before the backup until the candidate is verified.",
		},
	}
}

// capacityRules are those of what runs a release, and how it is checked.
func capacityRules() []rule {
	return []rule{
		{path: env + "capacity", presence: required, meaning: "What each slot gets while it runs a release."},
		{
			path: env + "capacity.cpuMillis", presence: required, unit: "thousandths of a core", span: within(64, 192000), example: "1000",
			meaning: "CPU of one task.",
		},
		{
			path: env + "capacity.memoryMiB", presence: required, unit: "MiB", span: within(32, 1048576), example: "2048",
			meaning: "Memory of one task.",
		},
		{
			path: env + "capacity.replicas", presence: required, unit: "tasks", span: within(1, 1000), example: "2",
			meaning: "How many tasks run.",
		},
		{
			path: env + "capacity.logLevel", among: []string{"debug", "info", "warn", "error"},
			meaning: "Passed to the service as LOG_LEVEL.",
		},

		{path: env + "health", presence: required, meaning: "How a slot's tasks are checked, and how long they may take to get ready."},
		{
			path: env + "health.path", presence: required, form: form.Path, example: "/health/readiness",
			meaning: "What the load balancer asks each task for; 200 means ready.",
		},
		{
			path: env + "health.intervalSeconds", unit: "s", span: within(5, 300),
			meaning: "Time between two checks of one task.",
		},
		{
			path: env + "health.readyWithinSeconds", unit: "s", span: within(1, 3600),
			meaning: "How long a release may take from start to healthy.",
		},
		{
			path: env + "health.pollSeconds", unit: "s", span: within(1, 300),
			meaning: "How long the pipeline waits before it looks again.",
		},
	}
}
