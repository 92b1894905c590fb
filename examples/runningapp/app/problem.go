package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
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

// classify decides what a client is told: what is about the request is the client's to mend, a
// database that is away passes, and anything else is a fault of ours.
func classify(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, errNotFound):
		return &problem{Status: http.StatusNotFound, Text: errNotFound.Error()}
	case errors.Is(err, context.Canceled): // the client has gone; nobody reads this
		return &problem{Status: http.StatusServiceUnavailable, Text: "the request was cancelled"}
	case away(err):
		return &problem{Status: http.StatusServiceUnavailable, Text: "the database is not reachable; try again"}
	}
	return &problem{Status: http.StatusInternalServerError, Text: "internal error"}
}

// away reports whether the database could not be asked, or went away before it answered.
func away(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		class := refused.Code[:min(2, len(refused.Code))]
		return class == "08" || class == "53" || class == "57" // connection, resources, intervention
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, context.DeadlineExceeded)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}
