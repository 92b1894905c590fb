package ecs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
)

const (
	keepReasons = 5
	// describeTasks is how many stopped tasks are looked at; the API takes up to 100.
	describeTasks = 10
)

// reasons say why a service does not have the tasks that it should, the newest last: what its
// events complain of since the deployment began, and how its tasks ended. ECS forgets stopped
// tasks after about an hour.
func (f Fleet) reasons(ctx context.Context, at place.Place, service types.Service, newest types.Deployment) ([]string, error) {
	var reasons []string
	// ECS lists events newest first.
	for _, event := range slices.Backward(service.Events) {
		old := newest.CreatedAt != nil && event.CreatedAt != nil && event.CreatedAt.Before(*newest.CreatedAt)
		if text := aws.ToString(event.Message); !old && complains(text) {
			reasons = append(reasons, text)
		}
	}
	reasons = reasons[max(0, len(reasons)-keepReasons):]
	if newest.RolloutState == types.DeploymentRolloutStateFailed {
		reasons = append(reasons, aws.ToString(newest.RolloutStateReason))
	}
	stopped, err := f.stopped(ctx, at, service, newest)
	return append(reasons, stopped...), err
}

// complains reports whether an event tells of trouble: most tell of tasks that were started
// and targets that were registered.
func complains(text string) bool {
	return slices.ContainsFunc([]string{"unable", "fail", "unhealthy", "error", "insufficient", "not found", "throttl"}, func(word string) bool {
		return strings.Contains(strings.ToLower(text), word)
	})
}

// stopped say how tasks of the wanted definition ended.
func (f Fleet) stopped(ctx context.Context, at place.Place, service types.Service, newest types.Deployment) ([]string, error) {
	name := aws.ToString(service.ServiceName)
	list, err := f.api.ListTasks(ctx, &ecs.ListTasksInput{
		Cluster: aws.String(at.Fleet.Cluster), ServiceName: aws.String(name), DesiredStatus: types.DesiredStatusStopped, MaxResults: aws.Int32(describeTasks),
	})
	if err != nil {
		return nil, awserr.Wrap(err, call(at, fmt.Sprintf("list the stopped tasks of service %q", name), "ListTasks", "fleet.services"))
	}
	if len(list.TaskArns) == 0 {
		return nil, nil
	}
	answer, err := f.api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(at.Fleet.Cluster), Tasks: list.TaskArns})
	if err != nil {
		return nil, awserr.Wrap(err, call(at, fmt.Sprintf("describe the stopped tasks of service %q", name), "DescribeTasks", "fleet.services"))
	}
	tasks := slices.DeleteFunc(answer.Tasks, func(task types.Task) bool {
		return aws.ToString(task.TaskDefinitionArn) != aws.ToString(newest.TaskDefinition)
	})
	slices.SortFunc(tasks, func(a, b types.Task) int { return aws.ToTime(a.StoppedAt).Compare(aws.ToTime(b.StoppedAt)) })
	var reasons []string
	for _, task := range tasks[max(0, len(tasks)-keepReasons):] {
		reasons = append(reasons, epitaph(task))
	}
	return reasons, nil
}

// epitaph says how a task ended: "task stopped: Essential container in task exited (app: exit
// status 2)".
func epitaph(task types.Task) string {
	text := "task stopped: " + aws.ToString(task.StoppedReason)
	var parts []string
	for _, container := range task.Containers {
		switch {
		case aws.ToString(container.Reason) != "":
			parts = append(parts, fmt.Sprintf("%s: %s", aws.ToString(container.Name), aws.ToString(container.Reason)))
		case container.ExitCode != nil && *container.ExitCode != 0:
			parts = append(parts, fmt.Sprintf("%s: exit status %d", aws.ToString(container.Name), *container.ExitCode))
		}
	}
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, "; ") + ")"
	}
	return text
}
