package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5/pgconn"
)

// problem is an error that the client can do something about.
type problem struct {
	Status int    `json:"-"`
	Field  string `json:"field,omitempty"`
	Text   string `json:"error"`
}

// Error is what the client is told.
func (p *problem) Error() string { return p.Text }

// errNotFound is a run that does not exist.
var errNotFound = errors.New("no such run")

func invalid(field, text string) error {
	return &problem{Status: http.StatusBadRequest, Field: field, Text: field + " " + text}
}

// answering makes a handler of a function that returns its error.
func (s *Service) answering(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := serve(w, r)
		if err == nil {
			return
		}
		p := classify(err)
		if p.Status >= http.StatusInternalServerError {
			s.log.LogAttrs(r.Context(), slog.LevelError, "request failed",
				slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", p.Status), slog.Any("error", err))
		}
		if p.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		writeJSON(w, p.Status, p)
	})
}

// classify decides what a client is told. An answer of the database that is about the statement
// is a fault of ours; one about the server, or none at all, passes.
func classify(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if errors.Is(err, errNotFound) {
		return &problem{Status: http.StatusNotFound, Text: errNotFound.Error()}
	}
	if errors.Is(err, context.Canceled) { // the client has gone; nobody reads this
		return &problem{Status: http.StatusServiceUnavailable, Text: "the request was cancelled"}
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && !passing(refused.Code) {
		return &problem{Status: http.StatusInternalServerError, Text: "internal error"}
	}
	return &problem{Status: http.StatusServiceUnavailable, Text: "the database is not reachable; try again"}
}

// passing reports SQLSTATE classes 08 connection, 53 resources, 57 operator intervention.
func passing(code string) bool {
	return len(code) == 5 && (code[:2] == "08" || code[:2] == "53" || code[:2] == "57")
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}
