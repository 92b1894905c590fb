package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pilotage/pilotage/shared/fault"
)

// CommitState is the state of a commit in one context, under GitHub's names.
type CommitState string

// The states.
const (
	CommitPending CommitState = "pending"
	CommitSuccess CommitState = "success"
	CommitFailure CommitState = "failure"
	CommitError   CommitState = "error"
)

// CommitStatus is what is said of a commit in a context, such as "pilotage/production".
type CommitStatus struct {
	Context     string
	State       CommitState
	Description string
	// TargetURL is where more is to be seen; empty for nowhere.
	TargetURL string
}

// SetCommitStatus adds a status to a commit; the newest one of its context counts. GitHub takes
// 1,000 for a commit and a context.
func (c *Client) SetCommitStatus(ctx context.Context, repository, commit string, s CommitStatus) error {
	if !validSHA(commit) {
		return fault.New(fault.Invalid, "set the status of a commit of %s: %.50q is not a sha of 40 digits", repository, commit)
	}
	send := map[string]any{"state": s.State, "context": s.Context, "description": describe(s.Description)}
	if s.TargetURL != "" {
		send["target_url"] = s.TargetURL
	}
	return c.do(ctx, call{
		doing: fmt.Sprintf("set %s of commit %.7s of %s to %s", s.Context, commit, repository, s.State), permission: "Commit statuses",
		repository: repository, method: http.MethodPost, path: "/statuses/" + commit, send: send,
	})
}

// Tag creates a tag of a commit and returns the commit that the tag is at then: another one where
// there was such a tag before, which is not moved. Repeating it is safe. A name that git would not
// allow is fault.Invalid.
func (c *Client) Tag(ctx context.Context, repository, name, commit string) (string, error) {
	ref := "refs/tags/" + name
	if !validRef(ref) || !validSHA(commit) {
		return "", fault.New(fault.Invalid, "tag commit %.50q of %s: %.100q is no name that git allows; look at tag in pilotage.yaml", commit, repository, name)
	}
	err := c.do(ctx, call{
		doing: fmt.Sprintf("tag commit %.7s of %s as %s", commit, repository, name), permission: "Contents",
		repository: repository, method: http.MethodPost, path: "/git/refs", send: map[string]string{"ref": ref, "sha": commit},
	})
	var p *problem
	if errors.As(err, &p) && p.status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(p.message), "already exists") {
		return c.tagged(ctx, repository, name)
	}
	return commit, err
}

// tagged is the commit that a tag is at, through annotated tags.
func (c *Client) tagged(ctx context.Context, repository, name string) (string, error) {
	type object struct {
		Object struct {
			Type string `json:"type"`
			SHA  string `json:"sha"`
		} `json:"object"`
	}
	read := func(path string) (object, error) {
		var found object
		err := c.do(ctx, call{
			doing: fmt.Sprintf("read tag %s of %s", name, repository), permission: "Contents",
			repository: repository, method: http.MethodGet, path: path, read: &found,
		})
		if err == nil && !validSHA(found.Object.SHA) {
			err = fault.New(fault.Internal, "read tag %s of %s: it is at %.50q", name, repository, found.Object.SHA)
		}
		return found, err
	}
	at, err := read("/git/ref/tags/" + escape(name))
	// A tag may be of a tag; who nests more of them than this wants no commit to be found.
	for range 3 {
		if err != nil || at.Object.Type != "tag" {
			break
		}
		at, err = read("/git/tags/" + at.Object.SHA)
	}
	return at.Object.SHA, err
}

// escape makes a name a path; its slashes stay.
func escape(name string) string { return strings.ReplaceAll(url.PathEscape(name), "%2F", "/") }
