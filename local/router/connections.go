package router

import (
	"context"
	"net"
	"sync"
)

// connections are those open to one target, so that they can be cut when its time is over. The
// zero value is ready.
type connections struct {
	mu     sync.Mutex
	open   map[*connection]struct{}
	closed bool
}

// connection leaves the set when it is closed.
type connection struct {
	*net.TCPConn
	set *connections
}

// Close closes the connection; the set forgets it.
func (c *connection) Close() error {
	c.set.mu.Lock()
	delete(c.set.open, c)
	c.set.mu.Unlock()
	return c.TCPConn.Close()
}

func (s *connections) dial(dialer *net.Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return s.add(conn)
	}
}

func (s *connections) add(conn net.Conn) (net.Conn, error) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	if s.open == nil {
		s.open = map[*connection]struct{}{}
	}
	added := &connection{TCPConn: tcp, set: s}
	s.open[added] = struct{}{}
	return added, nil
}

// close cuts every connection, and each that a dial under way still brings.
func (s *connections) close() {
	s.mu.Lock()
	s.closed = true
	open := s.open
	s.open = nil
	s.mu.Unlock()
	for c := range open {
		_ = c.TCPConn.Close()
	}
}
