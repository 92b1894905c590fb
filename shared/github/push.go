package github

import (
	"strconv"
	"strings"
	"time"
)

// maxCommits is how many commits a Push keeps: enough for a person to read.
const maxCommits = 50

// Push is what a push event says: a ref of a repository moved from one commit to another.
type Push struct {
	// Repository is owner and name, for example "octo-org/octo-repo".
	Repository string
	// Ref is the full ref. Branch is its name below refs/heads/, Tag below refs/tags/; at most
	// one of them is set, and neither for other refs.
	Ref, Branch, Tag string
	// Before and After are 40 lower-case hexadecimal digits, all zero where the ref was not, or
	// is no longer, there. For an annotated tag After is the tag object, not its commit.
	Before, After string
	// Created, Deleted and Forced say how the ref moved.
	Created, Deleted, Forced bool
	// Commits are the newest of the pushed commits, oldest first, at most 50.
	Commits []Commit
	// Omitted is how many older commits the event had beyond Commits.
	Omitted int
	// HeadCommit is the commit that the ref points to now, through an annotated tag too; nil
	// when the ref was deleted.
	HeadCommit *Commit
	// PushedAt is when the repository was last pushed to, in seconds since 1970; 0 when unknown.
	PushedAt int64
	// Pusher is the git name of who pushed, Sender the login of who caused the event.
	Pusher, Sender string
}

// Commit is one commit as a mail or a log shows it. Its text comes from outside: it is one line of
// at most 200 characters without control characters, and must still be escaped where it is shown.
type Commit struct {
	// ID is 40 lower-case hexadecimal digits.
	ID string
	// Message is the first line of the commit message.
	Message string
	// Author is the name of who wrote the commit; git checks it as little as we do.
	Author string
	// Time is when it was committed, as the committer's machine said; zero when unknown.
	Time time.Time
}

// Key identifies a push: the repository, the ref, the commits it pointed to before and points to now,
// and when it was pushed. Use it to act once on an event that is delivered again or replayed: the id in
// the X-GitHub-Delivery header is not covered by the signature. A ref that moves away and back, however
// often, has another Key each time.
func (p Push) Key() string {
	// None of the parts can have a space, so no two pushes share a key.
	return strings.Join([]string{p.Repository, p.Ref, p.Before, p.After, strconv.FormatInt(p.PushedAt, 10)}, " ")
}

// Short is the first seven digits of After, as GitHub shows a commit.
func (p Push) Short() string { return p.After[:min(len(p.After), 7)] }
