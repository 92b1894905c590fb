package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// keepAlive is ELB's default idle timeout of a client's connection.
const keepAlive = 60 * time.Second

// Start listens on Config.Address, begins to serve and to check targets, and returns. The router
// closes when ctx ends. Errors wrap AddressInUse, NotLoopback, or Closed when it was started or
// closed before.
func (r *Router) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase != phaseNew {
		return fmt.Errorf("start router on %s: %w: a router starts once", r.config.Address, Closed)
	}
	listener, err := listen(ctx, r.config.Address)
	if err != nil {
		return err
	}
	r.phase = phaseServing
	r.address = listener.Addr()
	r.port = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	r.server = &http.Server{
		Handler:           http.HandlerFunc(r.serve),
		IdleTimeout:       keepAlive,
		ReadHeaderTimeout: keepAlive,
		ErrorLog:          slog.NewLogLogger(r.config.Log.Handler(), slog.LevelWarn),
	}
	r.work.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.config.Log.Error("router stopped serving", "address", r.config.Address, "error", err)
		}
	})
	r.markUsed()
	r.detach = context.AfterFunc(ctx, func() { _ = r.Close() })
	return nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if !loopback(host) {
		return nil, fmt.Errorf("listen on %q: %w: give 127.0.0.1 or [::1]", address, NotLoopback)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: %w: another process has the port; "+
			"choose another, or port 0 for any that is free", address, AddressInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return listener, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// URL is where clients reach the router, such as "http://127.0.0.1:8080"; empty before Start.
func (r *Router) URL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.address == nil {
		return ""
	}
	return "http://" + r.address.String()
}

// Close stops listening, lets requests in flight end for at most Config.CloseWithin, cuts off the
// rest, and returns when nothing runs any more. Its error says that requests were cut off.
// Repeating it is safe: it waits for the first call to end and returns nil.
func (r *Router) Close() error {
	r.mu.Lock()
	was := r.phase
	r.phase = phaseClosed
	r.mu.Unlock()
	if was == phaseClosed {
		<-r.closed
		return nil
	}
	defer close(r.closed)
	var err error
	if was == phaseServing {
		r.detach()
		err = r.stopServing()
	}
	r.end()
	r.work.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.groups {
		g.disconnect()
	}
	return err
}

func (r *Router) stopServing() error {
	ctx, cancel := context.WithTimeout(context.Background(), r.config.CloseWithin)
	defer cancel()
	err := r.server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	return fmt.Errorf("close router on %s: requests cut off after %s: %w",
		r.config.Address, r.config.CloseWithin, errors.Join(err, r.server.Close()))
}
