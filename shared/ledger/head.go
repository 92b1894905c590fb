package ledger

import (
	"context"
	"strings"
	"time"
)

// Head is what a branch was last pushed to.
type Head struct {
	Commit string `json:"commit"`
	// Subject is the commit's, By who pushed it.
	Subject string    `json:"subject,omitempty"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at"`
}

const headPartition = "heads"

// headSort takes the name of a repository as GitHub does, whatever its case.
func headSort(repository, branch string) string { return strings.ToLower(repository) + "#" + branch }

// SetHead remembers what a branch of a repository, "owner/name", was pushed to. Repeating it is
// safe; events that arrive out of order leave the one that arrived last.
func (l *Ledger) SetHead(ctx context.Context, repository, branch string, head Head) error {
	return update(ctx, l, headPartition, headSort(repository, branch), func(known *Head) error {
		if known.Commit == head.Commit {
			return errUnchanged
		}
		*known = head
		return nil
	})
}

// Head reads what a branch was last pushed to, the zero Head when nothing is known.
func (l *Ledger) Head(ctx context.Context, repository, branch string) (Head, error) {
	var head Head
	_, err := l.read(ctx, headPartition, headSort(repository, branch), &head)
	return head, err
}
