package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/sethvargo/go-envconfig"
)

// ErrConfig is in every error about a setting that is missing or wrong.
var ErrConfig = errors.New("configuration")

// config is what the environment says. RELEASE_VERSION is not among it: see Release.
type config struct {
	// Address is host:port. Port 0 takes a free one; the first line on standard output tells it.
	Address string `env:"ADDRESS, default=127.0.0.1:8080"`
	// DatabaseURL is postgres://user:password@host:port/database.
	DatabaseURL string `env:"DATABASE_URL, required"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"LOG_LEVEL, default=info"`
	// Instance is what answers say in X-Instance; empty means host name and process id.
	Instance string `env:"INSTANCE_ID"`

	level slog.Level
}

// readConfig returns the configuration and the pool's, which is parsed from it. Its errors wrap
// ErrConfig and show no password.
func readConfig(ctx context.Context, lookuper envconfig.Lookuper) (config, *pgxpool.Config, error) {
	var c config
	err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: &c, Lookuper: lookuper})
	if err != nil {
		return config{}, nil, fmt.Errorf("read %w: %w", ErrConfig, err)
	}
	if err := checkAddress(c.Address); err != nil {
		return config{}, nil, fmt.Errorf("read %w: ADDRESS %q: %w", ErrConfig, c.Address, err)
	}
	if err := c.level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return config{}, nil, fmt.Errorf("read %w: LOG_LEVEL %q: it must be debug, info, warn or error", ErrConfig, c.LogLevel)
	}
	pool, err := poolConfig(c.DatabaseURL)
	if err != nil {
		return config{}, nil, fmt.Errorf("read %w: DATABASE_URL: %w", ErrConfig, err)
	}
	if c.Instance == "" {
		c.Instance = defaultInstance()
	}
	return c, pool, nil
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q is not a number from 0 to 65535", port)
	}
	return nil
}

func defaultInstance() string {
	host, err := os.Hostname()
	if err != nil {
		host = Name
	}
	return host + "-" + strconv.Itoa(os.Getpid())
}
