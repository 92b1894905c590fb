// Package page is the stage that calls for a person: what was begun could neither be finished
// nor put back.
package page

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Escalation calls for people.
type Escalation interface {
	Page(ctx context.Context, doc deploy.Document) (paged []string, err error)
}

// Stage pages.
type Stage struct{ Escalation Escalation }

// Result says who was paged.
type Result struct {
	Paged []string `json:"paged"`
}

// Handle sets a hold that stops everybody, closes the entries as failed-dirty and pages the
// people on call. The lock is kept on purpose. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (Result, error) {
	paged, err := s.Escalation.Page(ctx, doc)
	return Result{Paged: paged}, err
}
