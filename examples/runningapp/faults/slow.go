package faults

import (
	"bytes"
	"log/slog"
	"net/http"
	"time"
)

// Slower makes requests of users take factor times as long as they would, and at least least:
// without the floor, three times a millisecond would drown in the noise of a small machine. Status
// and body stay what they are.
func Slower(factor float64, least time.Duration) func(*slog.Logger, http.Handler) http.Handler {
	return func(_ *slog.Logger, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !fromUser(r) {
				next.ServeHTTP(w, r)
				return
			}
			begin := time.Now()
			held := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(held, r)
			took := time.Since(begin)
			timer := time.NewTimer(max(time.Duration(factor*float64(took)), least) - took)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
			}
			w.WriteHeader(held.status)
			_, _ = held.body.WriteTo(w) // the client has gone
		})
	}
}

// heldAnswer keeps an answer back; its header fields go straight into the real one.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write keeps a part of the body.
func (h *heldAnswer) Write(part []byte) (int, error) { return h.body.Write(part) }
