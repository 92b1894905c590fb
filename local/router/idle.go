package router

import (
	"bufio"
	"errors"
	"net"
	"syscall"
)

// carrier is a connection with its buffers.
type carrier struct {
	net.Conn
	reader *bufio.Reader
	writer *bufio.Writer
	raw    syscall.RawConn // absent when the connection is no socket
	peek   func(fd uintptr) bool
	quiet  bool // what peek found
}

func newCarrier(conn net.Conn) *carrier {
	c := &carrier{Conn: conn, reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn)}
	if socket, ok := conn.(syscall.Conn); ok {
		c.raw, _ = socket.SyscallConn()
	}
	c.peek = func(fd uintptr) bool {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		c.quiet = errors.Is(err, syscall.EAGAIN)
		return true
	}
	return c
}

// usable reports whether an idle connection is open and silent. A target that closed it, or that
// says something unasked, is found out before a request is entrusted to it.
func (c *carrier) usable() bool {
	return c.raw != nil && c.raw.Read(c.peek) == nil && c.quiet
}

// take is an idle connection that is usable, nil when there is none.
func (u *upstream) take() *carrier {
	for {
		c := u.pop()
		if c == nil || c.usable() {
			return c
		}
		_ = c.Close()
	}
}

func (u *upstream) pop() *carrier {
	u.mu.Lock()
	defer u.mu.Unlock()
	last := len(u.idle) - 1
	if last < 0 {
		return nil
	}
	c := u.idle[last]
	u.idle[last] = nil
	u.idle = u.idle[:last]
	return c
}

// put keeps a connection for the next request, and reports whether it did.
func (u *upstream) put(c *carrier) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || len(u.idle) >= idlePerTarget {
		return false
	}
	u.idle = append(u.idle, c)
	return true
}

// close closes the idle connections and keeps none from now on.
func (u *upstream) close() {
	u.mu.Lock()
	u.closed = true
	idle := u.idle
	u.idle = nil
	u.mu.Unlock()
	for _, c := range idle {
		_ = c.Close()
	}
}
