package statemachine_test

// graphDefects break the ways between states, and their names.
func graphDefects() []defect {
	return []defect{
		{"a Next that dangles", set("EnterMaintenance", "Next", "Nowhere"), []string{"target States.EnterMaintenance.Next"}},
		{"a start that does not exist", func(s object) { delete(s, "Begin") }, []string{"target StartAt"}},
		{"a Default that dangles", set("CheckMaintenance", "Default", "Nowhere"), []string{"target States.CheckMaintenance.Default"}},
		{"a Catch that dangles", func(s object) { catch(s, "Migrate", 1)["Next"] = "Nowhere" }, []string{"target States.Migrate.Catch[1].Next"}},
		{"a choice that dangles", func(s object) {
			state(s, "CheckMaintenance")["Choices"].([]any)[0].(object)["Next"] = "Nowhere"
		}, []string{"target States.CheckMaintenance.Choices[0].Next", "unreachable States.LeaveMaintenance"}},
		{"a choice without Default", unset("CheckMaintenance", "Default"), []string{"target States.CheckMaintenance"}},
		{"a state that nothing leads to", func(s object) {
			s["HoldStill"] = object{"Type": "Wait", "Comment": "Wait.", "Seconds": 1, "Next": "Succeeded"}
		}, []string{"unreachable States.HoldStill"}},
		{"a loop without an end", func(s object) {
			state(s, "CheckLeftover")["Default"] = "WaitForever"
			s["WaitForever"] = object{"Type": "Wait", "Comment": "Wait.", "Seconds": 1, "Next": "WaitForever"}
		}, []string{"endless States.WaitForever"}},
		{"a kind that the rules do not know", func(s object) {
			s["HoldStill"] = object{"Type": "Parallel", "Comment": "Two at once.", "Branches": []any{}, "Next": "Succeeded"}
			state(s, "CheckLeftover")["Default"] = "HoldStill"
		}, []string{"kind States.HoldStill"}},
		{"a resource that the rules do not know", set("Page", "Resource", "arn:aws:states:::sns:publish"), []string{"kind States.Page.Resource"}},
		{"a name that is no verb", renamed("Settle", "Aftermath"), []string{"name States.Aftermath"}},
		{"a name that is not in CamelCase", renamed("Settle", "settle_down"), []string{"name States.settle_down"}},
		{"a state without Comment", unset("Settle", "Comment"), []string{"comment States.Settle"}},
	}
}

// renamed gives another name to a state that only Unlock leads to.
func renamed(from, to string) func(object) {
	return func(states object) {
		states[to] = states[from]
		delete(states, from)
		state(states, "Unlock")["Next"] = to
	}
}

// handlerDefects break Retry, Catch and the ends.
func handlerDefects() []defect {
	retry := func(name string, errors ...any) func(object) {
		return func(s object) { state(s, name)["Retry"].([]any)[0].(object)["ErrorEquals"] = errors }
	}
	lost := func(s object) object { return catch(s, "Migrate", 0) }
	return []defect{
		{"a Retry of a class that is none", retry("Migrate", "Pilotage.Transient", "Pilotage.Flaky"), []string{"error States.Migrate.Retry[0].ErrorEquals[1]"}},
		{"a Retry of a service error that is none", retry("Migrate", "Pilotage.Transient", "Lambda.Throttled"), []string{"error States.Migrate.Retry[0].ErrorEquals[1]"}},
		{"a Retry of an ASL error that is none", retry("Migrate", "Pilotage.Transient", "States.Timedout"), []string{"error States.Migrate.Retry[0].ErrorEquals[1]"}},
		{"a Retry by pattern", retry("Migrate", "Pilotage.Transient", "Lambda.*"), []string{"error States.Migrate.Retry[0].ErrorEquals[1]"}},
		{"a Retry of nothing", retry("Rollback"), []string{"error States.Rollback.Retry[0]"}},
		{"a Retry of everything", retry("Migrate", "Pilotage.Transient", "States.TaskFailed"), []string{"wildcard States.Migrate.Retry[0].ErrorEquals[1]"}},
		{"a Catch of a class that is none", func(s object) { lost(s)["ErrorEquals"] = []any{"Pilotage.LeaseLost", "Pilotage.Lost"} }, []string{"error States.Migrate.Catch[0].ErrorEquals[1]"}},
		{"an end that nobody waits for", set("Refused", "Error", "Pilotage.Refuse"), []string{"error States.Refused.Error"}},
		{"an end without error", unset("Refused", "Error"), []string{"error States.Refused.Error"}},
		{"States.ALL beside another name", func(s object) { catch(s, "Migrate", 1)["ErrorEquals"] = []any{"States.ALL", "Pilotage.Internal"} }, []string{"order States.Migrate.Catch[1]"}},
		{"States.ALL before another Catch", func(s object) {
			list := state(s, "Migrate")["Catch"].([]any)
			list[0], list[1] = list[1], list[0]
		}, []string{"catch States.Migrate", "order States.Migrate.Catch[0]"}},
		{"a name that is caught twice", func(s object) { lost(s)["ErrorEquals"] = []any{"Pilotage.LeaseLost", "Pilotage.LeaseLost"} }, []string{"order States.Migrate.Catch[0].ErrorEquals[1]"}},
		{"no Catch of a lost lease", func(s object) { state(s, "Migrate")["Catch"] = state(s, "Migrate")["Catch"].([]any)[1:] }, []string{"lease States.Migrate"}},
		{"a lost lease that leads to a change", func(s object) { lost(s)["Next"] = "Release" }, []string{"lease States.Migrate.Catch[0]"}},
		{"a lost lease that leads to a rollback", func(s object) { lost(s)["Next"] = "Rollback" }, []string{"lease States.Migrate.Catch[0]"}},
		{"a lost lease that sets a hold", func(s object) { lost(s)["Next"] = "Page" }, []string{"lease States.Migrate.Catch[0]"}},
	}
}

// taskDefects break what a task needs.
func taskDefects() []defect {
	invokes := func(function string) func(object) {
		return func(s object) { state(s, "SmokeTest")["Arguments"].(object)["FunctionName"] = function }
	}
	return []defect{
		{"a task without time limit", unset("Migrate", "TimeoutSeconds"), []string{"timeout States.Migrate"}},
		{"a time limit on another machine", set("Rollback", "TimeoutSeconds", 60), []string{"timeout States.Rollback.TimeoutSeconds"}},
		{"a task without Retry", unset("Migrate", "Retry"), []string{"retry States.Migrate"}},
		{"a Retry without Transient", func(s object) {
			state(s, "Migrate")["Retry"].([]any)[0].(object)["ErrorEquals"] = []any{"Lambda.ServiceException"}
		}, []string{"retry States.Migrate"}},
		{"a task without Catch", unset("Announce", "Catch"), []string{"catch States.Announce"}},
		{"a task without Catch of the rest", func(s object) { state(s, "Migrate")["Catch"] = state(s, "Migrate")["Catch"].([]any)[:1] }, []string{"catch States.Migrate"}},
		{"a function that does not exist", invokes("${SmoketestFunction}"), []string{"handler States.SmokeTest.Arguments.FunctionName"}},
		{"a substitution that nobody fills", func(s object) {
			state(s, "Rollback")["Arguments"].(object)["StateMachineArn"] = "${RollbackMachine}"
		}, []string{"substitution States.Rollback.Arguments.StateMachineArn"}},
		{"a build without time limit", unset("Build", "TimeoutSeconds"), []string{"timeout States.Build"}},
		{"a build without Retry", unset("Build", "Retry"), []string{"retry States.Build"}},
		{"a build that does not wait for another", func(s object) {
			state(s, "Build")["Retry"].([]any)[0].(object)["ErrorEquals"] = []any{"CodeBuild.SdkClientException"}
		}, []string{"retry States.Build"}},
		{"a Retry of an error of CodeBuild that is none", func(s object) {
			list := state(s, "Build")["Retry"].([]any)[0].(object)
			list["ErrorEquals"] = append(list["ErrorEquals"].([]any), "CodeBuild.Busy")
		}, []string{"error States.Build.Retry[0].ErrorEquals[4]"}},
		{"a build without Catch", unset("Build", "Catch"), []string{"catch States.Build"}},
		{"a build of another project", order("ProjectName", "${Project}"), []string{"substitution States.Build.Arguments.ProjectName"}},
		{"a substitution that is not closed", set("Settle", "Comment", "${Never"), []string{"substitution States.Settle.Comment"}},
	}
}

// order gives a build another argument.
func order(argument string, value any) func(object) {
	return func(s object) { state(s, "Build")["Arguments"].(object)[argument] = value }
}

// expressionDefects break JSONata.
func expressionDefects() []defect {
	return []defect{
		{"an expression that does not parse", condition("CheckBackup", "{% $doc.results.backup.ready and %}"), []string{"expression States.CheckBackup.Choices[0].Condition", "expression States.CheckBackup.Choices[0].Condition", "expression States.CheckBackup.Choices[0].Condition"}},
		{"an expression with text around it", set("Refused", "Cause", "Refused: {% $doc.error.cause %}"), []string{"expression States.Refused.Cause"}},
		{"a result that no stage gives", condition("CheckBackup", "{% $exists($doc.results.backups) %}"), []string{"field States.CheckBackup.Choices[0].Condition"}},
		{"a field that a result does not have", condition("CheckBackup", "{% $exists($doc.results.backup.done) %}"), []string{"field States.CheckBackup.Choices[0].Condition"}},
		{"a field that the plan does not have", condition("CheckBackup", "{% $exists($doc.plan.backup) %}"), []string{"field States.CheckBackup.Choices[0].Condition"}},
		{"a field of what has none", condition("CheckBackup", "{% $exists($doc.plan.digest.hex) %}"), []string{"field States.CheckBackup.Choices[0].Condition"}},
		{"a field of the document that there is not", condition("CheckBackup", "{% $exists($doc.plans) %}"), []string{"field States.CheckBackup.Choices[0].Condition"}},
		{"a condition that may have no value", condition("CheckMaintenance", "{% $doc.plan.environment.strategy.maintenance %}"), []string{"expression States.CheckMaintenance.Choices[0].Condition"}},
		{"a condition that is no boolean", condition("CheckMaintenance", "{% $doc.plan.digest %}"), []string{"expression States.CheckMaintenance.Choices[0].Condition", "expression States.CheckMaintenance.Choices[0].Condition"}},
		{"a wait that is no number", set("Settle", "Seconds", "{% $doc.plan.digest %}"), []string{"expression States.Settle.Seconds"}},
		{"fields read by wildcard", condition("CheckBackup", "{% $exists($doc.results.*.ready) %}"), []string{"wildcard States.CheckBackup.Choices[0].Condition"}},
		{"fields read by descent", condition("CheckBackup", "{% $exists($doc.**.ready) %}"), []string{"wildcard States.CheckBackup.Choices[0].Condition"}},
		{"fields read by predicate", condition("CheckBackup", "{% $exists($doc[id='x']) %}"), []string{"wildcard States.CheckBackup.Choices[0].Condition"}},
		{"a string with an escape", func(s object) {
			catch(s, "Approve", 0)["Assign"] = object{"doc": `{% $merge([$doc, {'error': {'stage': 'Approve', 'error': 'Pilotage.Expired', 'cause': 'nobody\'s decision'}}]) %}`}
		}, []string{"escape States.Approve.Catch[0].Assign.doc"}},
		{"a function that Step Functions does not have", condition("CheckBackup", "{% $eval('true') %}"), []string{"expression States.CheckBackup.Choices[0].Condition"}},
	}
}

// documentDefects break what travels between the stages.
func documentDefects() []defect {
	const kept = "{% $merge([$doc, {'error': {'stage': $states.context.State.Name, 'error': $states.errorOutput.Error}}]) %}"
	return []defect{
		{"a result in a place that there is not", assign("Migrate", "{% $merge([$doc, {'results': $merge([$doc.results, {'migration': $states.result.Payload}])}]) %}"), []string{"document States.Migrate.Assign.doc"}},
		{"a result with its envelope", assign("Migrate", "{% $merge([$doc, {'results': $merge([$doc.results, {'migrate': $states.result}])}]) %}"), []string{"document States.Migrate.Assign.doc"}},
		{"an envelope where there is none", assign("Approve", "{% $merge([$doc, {'results': $merge([$doc.results, {'approve': $states.result.Payload.by}])}, {'plan': 1}]) %}"), []string{"document States.Approve.Assign.doc"}},
		{"results that replace each other", assign("Migrate", "{% $merge([$doc, {'results': {'migrate': $states.result.Payload}}]) %}"), []string{"document States.Migrate.Assign.doc"}},
		{"a document that is replaced", assign("Migrate", "{% {'results': $doc.results} %}"), []string{"document States.Migrate.Assign.doc"}},
		{"a request that is replaced", assign("Migrate", "{% $merge([$doc, {'id': 'another'}]) %}"), []string{"document States.Migrate.Assign.doc"}},
		{"another variable", set("Migrate", "Assign", object{"migrated": true}), []string{"document States.Migrate.Assign.migrated"}},
		{"an Assign that does not evaluate", assign("Migrate", "{% $merge([$doc, $doc.id]) %}"), []string{"document States.Migrate.Assign.doc"}},
		{"a stage of another name", payload("Migrate", "{% $merge([$doc, {'stage': 'Migration'}]) %}"), []string{"document States.Migrate.Arguments.Payload"}},
		{"an outcome that is none", payload("Record", "{% $merge([$doc, {'stage': $states.context.State.Name, 'outcome': 'success'}]) %}"), []string{"document States.Record.Arguments.Payload"}},
		{"a task that is given a part of the document", payload("Migrate", "{% {'stage': $states.context.State.Name, 'plan': $doc.plan} %}"), []string{"document States.Migrate.Arguments.Payload"}},
		{"a task that is given nothing", func(s object) { delete(state(s, "Migrate")["Arguments"].(object), "Payload") }, []string{"document States.Migrate.Arguments.Payload"}},
		{"a build of nothing", order("SourceVersion", ""), []string{"document States.Build.Arguments"}},
		{"a build with a number for a text", order("SourceVersion", "{% 7 %}"), []string{"document States.Build.Arguments"}},
		{"a build with an unknown argument", order("Commit", "x"), []string{"document States.Build.Arguments"}},
		{"a build that is started twice", func(s object) { delete(state(s, "Build")["Arguments"].(object), "IdempotencyToken") }, []string{"document States.Build.Arguments"}},
		{"a build's result in a place that there is not", assign("Build", "{% $merge([$doc, {'results': $merge([$doc.results, {'built': $states.result.Build.Id}])}]) %}"), []string{"document States.Build.Assign.doc"}},
		{"a wait for people without token", payload("Approve", "{% $merge([$doc, {'stage': $states.context.State.Name}]) %}"), []string{"document States.Approve.Arguments.Payload"}},
		{"a request for a rollback that Plan would refuse", func(s object) {
			state(s, "Rollback")["Arguments"].(object)["Input"].(object)["why"] = "it failed"
		}, []string{"document States.Rollback.Arguments.Input"}},
		{"a Catch that loses the error", func(s object) { delete(catch(s, "Migrate", 1), "Assign") }, []string{
			"cause States.FailedDirty.Cause", "cause States.LeaseLost.Cause", "cause States.Migrate.Catch[1]", "cause States.Rollback.Arguments.Input.reason",
			"cause States.Rollback.Arguments.Input.rollback.cause", "cause States.Rollback.Catch[0]", "cause States.RolledBack.Cause",
		}},
		{"a Catch that puts a later error first", func(s object) { catch(s, "Page", 0)["Assign"] = object{"doc": kept} }, []string{"cause States.Page.Catch[0]"}},
		{"a Catch with an error of its own that is no class", func(s object) {
			catch(s, "Approve", 0)["Assign"] = object{"doc": "{% $merge([$doc, {'error': {'stage': 'Approve', 'error': 'Pilotage.Late'}}]) %}"}
		}, []string{"cause States.Approve.Catch[0]"}},
		{"a Catch that names another stage", func(s object) {
			catch(s, "Migrate", 1)["Assign"] = object{"doc": "{% $merge([$doc, {'error': {'stage': 'Migration', 'error': $states.errorOutput.Error}}]) %}"}
		}, []string{"cause States.Migrate.Catch[1]"}},
		{"an error read where there is none", set("Succeeded", "Output", "{% {'error': $doc.error.cause} %}"), []string{"cause States.Succeeded.Output"}},
	}
}
