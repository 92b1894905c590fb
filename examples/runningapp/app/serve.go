package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pilotage/pilotage/examples/runningapp/metrics"
)

// shutdownTimeout is how long requests in flight may take to end after SIGTERM.
const shutdownTimeout = 10 * time.Second

// firstChecks is the time between two checks until the service is first ready.
const firstChecks = 250 * time.Millisecond

// Serve runs a release until ctx ends and requests in flight are done, 10 s at most. A database
// that cannot be reached is no error: the service listens, is not ready and keeps trying. Errors
// about settings wrap ErrConfig.
func Serve(ctx context.Context, release Release, around Surroundings) error {
	config, poolConfig, err := readConfig(ctx, around.Environment)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(around.Log, &slog.HandlerOptions{Level: config.level})).
		With("service", Name, "release", release.Version, "instance", config.Instance)
	meter, err := metrics.Read(ctx, around.Environment, metrics.By{Release: release.Version, Instance: config.Instance})
	if err != nil {
		return fmt.Errorf("read %w: %w", ErrConfig, err)
	}
	if release.Start != nil {
		if err := release.Start(ctx, log); err != nil {
			log.Error("start failed", "error", err)
			return fmt.Errorf("start: %w", err)
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return fmt.Errorf("open pool of connections to %q: %w", poolConfig.ConnConfig.Host, err)
	}
	defer pool.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return fmt.Errorf("listen on %q: %w", config.Address, err)
	}
	service := New(release, pool, config.Instance, log)
	service.meter = meter
	announce := func(what string) {
		fmt.Fprintf(around.Out, "%s %s %s on %s\n", Name, release.Version, what, listener.Addr())
		log.Info(what, "address", listener.Addr().String())
	}
	announce("listening")
	// What requests in flight are answered on the way down is counted, too.
	defer meter.Start(around.Out)()
	waited, stopWaiting := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if service.waitReady(waited) {
			announce("ready")
		}
	}()
	err = service.serve(ctx, listener)
	stopWaiting()
	<-watched
	return err
}

// waitReady checks until the service is ready and reports whether it is, or ctx has ended.
func (s *Service) waitReady(ctx context.Context) bool {
	ticker := time.NewTicker(firstChecks)
	defer ticker.Stop()
	for {
		if _, err := s.ready(ctx); err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}

func (s *Service) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       75 * time.Second, // longer than a load balancer keeps one, 60 s at ELB
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve on %q: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.log.Info("shutting down")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("finish requests within %s: %w", shutdownTimeout, err), server.Close())
	}
	return nil
}
