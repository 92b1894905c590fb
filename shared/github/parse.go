package github

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/fault"
)

const (
	// maxBody is what a Lambda Function URL passes on, in bytes; GitHub itself stops at 25 MB.
	maxBody = 6 << 20
	// maxText is the greatest length of text that is shown, in characters.
	maxText = 200
)

// document is the part of a push event that is read. Pointers tell missing from zero.
type document struct {
	Ref        string   `json:"ref"`
	Before     string   `json:"before"`
	After      string   `json:"after"`
	Created    *bool    `json:"created"`
	Deleted    *bool    `json:"deleted"`
	Forced     *bool    `json:"forced"`
	Commits    []commit `json:"commits"`
	HeadCommit *commit  `json:"head_commit"`
	Repository struct {
		FullName string          `json:"full_name"`
		PushedAt json.RawMessage `json:"pushed_at"`
	} `json:"repository"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`
	Sender struct {
		Login string `json:"login"`
	} `json:"sender"`
}

type commit struct {
	ID        string `json:"id"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
	Author    struct {
		Name string `json:"name"`
	} `json:"author"`
}

// ParsePush reads the body of a push event, which Verify should have accepted. It returns an error
// of class fault.Invalid when the body is above 6 MB, not a push event, or contradicts itself:
// shas that are not 40 digits, a ref that git would not allow, a deletion that points to a commit.
// Unknown fields are allowed.
//
// See GitHub's "Webhook events and payloads", "push".
func ParsePush(body []byte) (Push, error) {
	if len(body) > maxBody {
		return Push{}, fault.New(fault.Invalid, "parse push: %d bytes are more than %d", len(body), maxBody)
	}
	var decoded document
	if err := json.Unmarshal(body, &decoded); err != nil {
		return Push{}, fault.New(fault.Invalid, "parse push: %w", err)
	}
	if err := decoded.check(); err != nil {
		return Push{}, err
	}
	push := Push{
		Repository: decoded.Repository.FullName,
		Ref:        decoded.Ref,
		Before:     decoded.Before,
		After:      decoded.After,
		Created:    *decoded.Created,
		Deleted:    *decoded.Deleted,
		Forced:     *decoded.Forced,
		PushedAt:   seconds(decoded.Repository.PushedAt),
		Pusher:     line(decoded.Pusher.Name),
		Sender:     line(decoded.Sender.Login),
		Omitted:    max(0, len(decoded.Commits)-maxCommits),
	}
	if name, isBranch := strings.CutPrefix(push.Ref, "refs/heads/"); isBranch {
		push.Branch = name
	}
	if name, isTag := strings.CutPrefix(push.Ref, "refs/tags/"); isTag {
		push.Tag = name
	}
	for _, commit := range decoded.Commits[push.Omitted:] {
		push.Commits = append(push.Commits, commit.read())
	}
	if decoded.HeadCommit != nil {
		head := decoded.HeadCommit.read()
		push.HeadCommit = &head
	}
	return push, nil
}

// seconds reads a number of seconds since 1970. Other events than pushes have times as text there, and
// nothing that is acted on depends on it but that the same event has the same: what is no number is 0.
func seconds(text json.RawMessage) int64 {
	number, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0
	}
	return number
}

func (d document) check() error {
	if !validRepository(d.Repository.FullName) {
		return fault.New(fault.Invalid, "parse push: the repository %.100q is not owner/name", d.Repository.FullName)
	}
	if !validRef(d.Ref) {
		return fault.New(fault.Invalid, "parse push: %.100q is not a full ref", d.Ref)
	}
	if d.Created == nil || d.Deleted == nil || d.Forced == nil {
		return fault.New(fault.Invalid, "parse push: created, deleted or forced is missing")
	}
	for _, sha := range []string{d.Before, d.After} {
		if !validSHA(sha) {
			return fault.New(fault.Invalid, "parse push: %.50q is not a sha of 40 digits", sha)
		}
	}
	if *d.Created != (d.Before == zero) || *d.Deleted != (d.After == zero) || (*d.Created && *d.Deleted) {
		return fault.New(fault.Invalid, "parse push: created or deleted contradicts the shas %s and %s", d.Before, d.After)
	}
	return d.checkCommits()
}

func (d document) checkCommits() error {
	for _, commit := range d.Commits {
		if !validSHA(commit.ID) {
			return fault.New(fault.Invalid, "parse push: the commit id %.50q is not a sha of 40 digits", commit.ID)
		}
	}
	if *d.Deleted {
		if d.HeadCommit != nil || len(d.Commits) > 0 {
			return fault.New(fault.Invalid, "parse push: the deletion of %q has commits", d.Ref)
		}
		return nil
	}
	if d.HeadCommit == nil {
		// A tag may point at a tree or a blob; a branch always points at a commit.
		if strings.HasPrefix(d.Ref, "refs/heads/") {
			return fault.New(fault.Invalid, "parse push: the push to %q has no head commit", d.Ref)
		}
		return nil
	}
	if !validSHA(d.HeadCommit.ID) {
		return fault.New(fault.Invalid, "parse push: the head commit %.50q is not a sha of 40 digits", d.HeadCommit.ID)
	}
	if strings.HasPrefix(d.Ref, "refs/heads/") && d.HeadCommit.ID != d.After {
		return fault.New(fault.Invalid, "parse push: the head commit %s is not %s", d.HeadCommit.ID, d.After)
	}
	return nil
}

func (c commit) read() Commit {
	// A commit's time is for show; one that cannot be read is no reason to refuse a push.
	committed, err := time.Parse(time.RFC3339, c.Timestamp)
	if err != nil {
		committed = time.Time{}
	}
	return Commit{ID: c.ID, Message: line(c.Message), Author: line(c.Author.Name), Time: committed.UTC()}
}

// line is the first line of text that is fit to be shown.
func line(text string) string {
	text, _, _ = strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	text = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > maxText {
		return string([]rune(text)[:maxText-1]) + "…"
	}
	return text
}
