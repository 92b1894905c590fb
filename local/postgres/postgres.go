// Package postgres runs real PostgreSQL servers on one machine and does with them what Amazon
// RDS does: named instances, snapshots under load, restore into a new instance, and the rename
// dance that puts a restored instance in the place of the old one.
//
// Find looks for the programs, Create makes an Instance, Instance.Backup and Restore copy one by
// PostgreSQL's low-level backup API, and Server keeps named instances and snapshots in one
// directory. PostgreSQL 15 or newer is needed, on Linux or macOS.
//
// PostgreSQL refuses to run as root. When this process is root, the servers run as the account
// Config.RunAs, and their directories belong to it.
package postgres

import (
	"cmp"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// Superuser is the role that initdb makes and that Endpoint logs in with.
const Superuser = "postgres"

// Durability is how much of a commit survives a crash of the machine.
type Durability string

const (
	// Durable waits for the disk: what was acknowledged survives a power cut. It is the default.
	Durable Durability = "durable"
	// Volatile does not wait for the disk. What was acknowledged survives a crash of PostgreSQL
	// or of this process, and is in every snapshot, but a power cut may corrupt everything. It
	// is for tests.
	Volatile Durability = "volatile"
)

// Config says which PostgreSQL runs where.
type Config struct {
	// Binaries are the programs, as Find returns them.
	Binaries Binaries
	// Dir belongs to the instance; it is made when absent. The data are in Dir/data, the
	// server's log in Dir/server.log.
	Dir string
	// Port is the TCP port on 127.0.0.1. Zero takes a free one at each start.
	Port int
	// Password is the superuser's. It reaches PostgreSQL through a file that only the server's
	// account can read and that is removed after use, never through arguments, and no error or
	// log of this package contains it.
	Password string
	// RunAs is the account to run as when this process is root; empty means "nobody". It is
	// ignored otherwise.
	RunAs string
	// Durability defaults to Durable.
	Durability Durability
	// StartTimeout bounds a start, crash recovery included; zero means one minute.
	StartTimeout time.Duration
	// StopTimeout is how long a fast shutdown may take before the server is killed; zero means
	// 20 seconds.
	StopTimeout time.Duration
	// Clock defaults to clock.System.
	Clock clock.Clock
}

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	c.Durability = cmp.Or(c.Durability, Durable)
	c.StartTimeout = cmp.Or(c.StartTimeout, time.Minute)
	c.StopTimeout = cmp.Or(c.StopTimeout, 20*time.Second)
	return c
}
