package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// DeploymentState is the state of a deployment under GitHub's names.
type DeploymentState string

// The states that are used.
const (
	DeploymentInProgress DeploymentState = "in_progress"
	DeploymentSuccess    DeploymentState = "success"
	DeploymentFailure    DeploymentState = "failure"
	DeploymentError      DeploymentState = "error"
	// DeploymentInactive: it was live, and is no more.
	DeploymentInactive DeploymentState = "inactive"
)

// Deployment is a commit that goes to an environment.
type Deployment struct {
	// ID is ours; it finds the deployment again.
	ID          string
	Commit      string
	Environment string
	// Description is cut to what GitHub takes.
	Description string
}

// deploymentTask is GitHub's word for what kind of a deployment it is.
const deploymentTask = "deploy"

// payload is what a deployment carries for us.
type payload struct {
	Pilotage string `json:"pilotage"`
}

// Deploy creates a deployment, or finds the one of the same ID, and returns GitHub's id. Repeating
// it one after the other is safe; at the same time both may create one.
func (c *Client) Deploy(ctx context.Context, repository string, d Deployment) (int64, error) {
	found, err := c.find(ctx, repository, d)
	if err != nil || found != 0 {
		return found, err
	}
	var made struct {
		ID int64 `json:"id"`
	}
	err = c.do(ctx, call{
		doing: fmt.Sprintf("create a deployment of %.7s to %s in %s", d.Commit, d.Environment, repository), permission: "Deployments",
		repository: repository, method: http.MethodPost, path: "/deployments", read: &made,
		send: map[string]any{
			"ref": d.Commit, "task": deploymentTask, "environment": d.Environment, "description": describe(d.Description),
			// Neither merge the default branch into the commit, nor wait for its other statuses:
			// pilotage has gates of its own.
			"auto_merge": false, "required_contexts": []string{}, "payload": payload{d.ID},
		},
	})
	return made.ID, err
}

// find looks for the deployment among the newest 100 of its commit and environment.
func (c *Client) find(ctx context.Context, repository string, d Deployment) (int64, error) {
	query := url.Values{"sha": {d.Commit}, "environment": {d.Environment}, "task": {deploymentTask}, "per_page": {"100"}}
	var known []struct {
		ID      int64           `json:"id"`
		Payload json.RawMessage `json:"payload"`
	}
	err := c.do(ctx, call{
		doing: fmt.Sprintf("list the deployments of %.7s to %s in %s", d.Commit, d.Environment, repository), permission: "Deployments",
		repository: repository, method: http.MethodGet, path: "/deployments?" + query.Encode(), read: &known,
	})
	for _, one := range known {
		var carries payload
		// Others' payloads are texts, or objects of another shape.
		if json.Unmarshal(one.Payload, &carries) == nil && carries.Pilotage == d.ID {
			return one.ID, nil
		}
	}
	return 0, err
}

// DeploymentStatus is what became of a deployment.
type DeploymentStatus struct {
	State       DeploymentState
	Description string
	// LogURL is where more is to be seen, EnvironmentURL where users reach it; empty for none.
	LogURL         string
	EnvironmentURL string
}

// SetDeploymentStatus adds a status to a deployment; the newest one counts. Others of the same
// environment are left as they are.
func (c *Client) SetDeploymentStatus(ctx context.Context, repository string, deployment int64, s DeploymentStatus) error {
	send := map[string]any{"state": s.State, "description": describe(s.Description), "auto_inactive": false}
	if s.LogURL != "" {
		send["log_url"] = s.LogURL
	}
	if s.EnvironmentURL != "" {
		send["environment_url"] = s.EnvironmentURL
	}
	return c.do(ctx, call{
		doing: fmt.Sprintf("set deployment %d of %s to %s", deployment, repository, s.State), permission: "Deployments",
		repository: repository, method: http.MethodPost, path: fmt.Sprintf("/deployments/%d/statuses", deployment), send: send,
	})
}

// maxDescription is how long GitHub takes a description to be, in characters.
const maxDescription = 140

// describe is one line that GitHub takes.
func describe(text string) string {
	runes := []rune(line(text))
	if len(runes) > maxDescription {
		return string(runes[:maxDescription-1]) + "…"
	}
	return string(runes)
}
