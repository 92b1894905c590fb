package postgres

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
)

// Endpoint is where an instance listens and how to log in. Printed, logged or made JSON, it shows
// no password.
type Endpoint struct {
	Host     string
	Port     int
	User     string
	Password string `json:"-"`
}

// DSN is the connection URL to a database, password included: it belongs into a secret's value
// or a connection, never into a log. An empty database means "postgres".
func (e Endpoint) DSN(database string) string {
	if database == "" {
		database = "postgres"
	}
	dsn := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(e.User, e.Password),
		Host:     net.JoinHostPort(e.Host, strconv.Itoa(e.Port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// String is host:port.
func (e Endpoint) String() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// GoString is host:port, so that %#v shows no password either.
func (e Endpoint) GoString() string { return fmt.Sprintf("postgres.Endpoint(%s)", e) }

// LogValue is host:port.
func (e Endpoint) LogValue() slog.Value { return slog.StringValue(e.String()) }
