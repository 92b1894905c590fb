package faults

import (
	"log/slog"
	"net/http"
	"sync/atomic"
)

// EverySecond fails every second request of users with 500, from the second on, as a pool of two
// sessions does of which one was never opened. Everybody else is served.
func EverySecond(log *slog.Logger, next http.Handler) http.Handler {
	var turn atomic.Uint64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromUser(r) || turn.Add(1)%2 == 1 {
			next.ServeHTTP(w, r)
			return
		}
		log.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", http.StatusInternalServerError,
			"error", "note session 1 of 2: used before it was opened")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"error":"internal error"}` + "\n")) // the client has gone
	})
}
