package pipeline

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
	"github.com/pilotage/pilotage/shared/config"
)

// awaited are the pipelines of CodePipeline whose success is deployed: those that count as a
// whole, and those of which a stage counts, with their stages.
type awaited struct{ whole, staged, stages []string }

func awaitedPipelines(file config.File) awaited {
	whole, staged, stages := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, environment := range file.Environments {
		for _, one := range environment.Pipelines {
			if one.Stage == "" {
				whole[one.Name] = true
				continue
			}
			staged[one.Name], stages[one.Stage] = true, true
		}
	}
	return awaited{whole: sorted(maps.Keys(whole)), staged: sorted(maps.Keys(staged)), stages: sorted(maps.Keys(stages))}
}

// newPipelineRules takes the success of pipelines in. Intake looks which stage of which pipeline an
// environment waits for; a rule only leaves out what none does.
func newPipelineRules(scope constructs.Construct, props rulesProps) {
	waiting := awaitedPipelines(props.File)
	intake := props.Functions.byName["Intake"]
	success := []string{"SUCCEEDED"}
	if len(waiting.whole) > 0 {
		newRule(scope, ruleProps{
			ID: "PipelineSucceeded", Description: "A pipeline succeeded that an environment waits for", Letters: props.Letters, Function: intake,
			Pattern: map[string]any{
				"source": []string{"aws.codepipeline"}, "detail-type": []string{"CodePipeline Pipeline Execution State Change"},
				"detail": map[string]any{"pipeline": waiting.whole, "state": success},
			},
		})
	}
	if len(waiting.staged) > 0 {
		newRule(scope, ruleProps{
			ID: "StageSucceeded", Description: "A stage succeeded that an environment waits for", Letters: props.Letters, Function: intake,
			Pattern: map[string]any{
				"source": []string{"aws.codepipeline"}, "detail-type": []string{"CodePipeline Stage Execution State Change"},
				"detail": map[string]any{"pipeline": waiting.staged, "stage": waiting.stages, "state": success},
			},
		})
	}
}

// followPipelines is to see which commits an execution of a pipeline was about: of those that are waited for.
func (w works) followPipelines(stack awscdk.Stack) block {
	waiting := awaitedPipelines(w.props.File)
	var arns []string
	for _, name := range append(waiting.whole, waiting.staged...) {
		arns = append(arns, pipelineArn(stack, name))
	}
	if len(arns) == 0 {
		return block{}
	}
	return block{statements: []grant.Statement{{Actions: []string{"codepipeline:GetPipelineExecution"}, Resources: arns}}}
}

// answerJobs is to answer the jobs of any pipeline of the account that has pilotage as an action.
func answerJobs(stack awscdk.Stack) block {
	return block{statements: []grant.Statement{
		{Actions: []string{"codepipeline:GetPipelineExecution"}, Resources: []string{pipelineArn(stack, "*")}},
		{
			Actions:   []string{"codepipeline:GetJobDetails", "codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult"},
			Resources: []string{"*"}, Why: "CodePipeline has no resources that answering of jobs could be limited to; a job's id is known to whom it was given only",
		},
	}}
}

func pipelineArn(stack awscdk.Stack, name string) string {
	return *stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("codepipeline"), Resource: jsii.String(name)})
}
