package app

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// Headers of every answer, whatever its status. A deployment pipeline sees by them which release
// answered; HeaderProbe is echoed when a request has it.
const (
	HeaderRelease  = "X-Release"
	HeaderInstance = "X-Instance"
	HeaderProbe    = "X-Pilotage-Probe"
)

// maxProbe is how much of a probe's id is echoed, in bytes.
const maxProbe = 200

// identified says who answers, before anything else can.
func (s *Service) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set(HeaderRelease, s.release.Version)
		header.Set(HeaderInstance, s.instance)
		header.Set("X-Content-Type-Options", "nosniff")
		if probe := r.Header.Get(HeaderProbe); probe != "" {
			header.Set(HeaderProbe, probe[:min(len(probe), maxProbe)])
		}
		next.ServeHTTP(w, r)
	})
}

// logged writes a line for each request at level debug, and turns a panic into a 500.
func (s *Service) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := s.now()
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if reason := recover(); reason != nil {
				if err, is := reason.(error); is && errors.Is(err, http.ErrAbortHandler) {
					panic(reason)
				}
				s.log.Error("request panicked", "path", r.URL.Path, "reason", reason, "stack", string(debug.Stack()))
				writeJSON(answer, http.StatusInternalServerError, &problem{Text: "internal error"})
			}
			s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", answer.status), slog.Duration("took", s.now().Sub(begin)),
				slog.String("probe", r.Header.Get(HeaderProbe)))
		}()
		next.ServeHTTP(answer, r)
	})
}

// answer remembers the status.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the header of the answer.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
