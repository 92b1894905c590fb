package postgres_test

import (
	"os"
	"testing"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
