package app

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pilotage/pilotage/examples/runningapp/metrics"
)

// requestTimeout bounds one request, database included.
const requestTimeout = 8 * time.Second

// Service answers requests for one release.
type Service struct {
	release  Release
	instance string
	store    *store
	log      *slog.Logger
	front    *template.Template
	now      func() time.Time
	// meter counts answers; nil counts nothing.
	meter *metrics.Meter
	// started is set once the service was ready for the first time.
	started atomic.Bool
	// complaint is the reason that was logged last for not being ready.
	complaint atomic.Pointer[complaint]
}

// New composes a release with its database. It connects when the first request needs it.
// Closing the pool is up to the caller.
func New(release Release, pool *pgxpool.Pool, instance string, log *slog.Logger) *Service {
	return &Service{
		release:  release,
		instance: instance,
		store:    &store{pool: pool, columns: release.Columns},
		log:      log,
		front:    template.Must(template.New("front").Parse(frontPage)),
		now:      time.Now,
	}
}

// Handler serves the routes that README.md lists.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", s.answering(s.serveFront))
	mux.Handle("POST /runs", s.answering(s.createRun))
	mux.Handle("GET /runs", s.answering(s.listRuns))
	mux.Handle("GET /runs/{id}", s.answering(s.readRun))
	mux.Handle("GET /stats", s.answering(s.readStats))
	mux.HandleFunc("GET /health/liveness", s.liveness)
	mux.HandleFunc("GET /health/readiness", s.readiness)
	mux.HandleFunc("GET /health/startup", s.startup)
	var handler http.Handler = mux
	if s.release.Wrap != nil {
		handler = s.release.Wrap(s.log, handler)
	}
	return s.identified(s.meter.Around(s.logged(bounded(handler))))
}

// bounded gives a request its deadline.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
