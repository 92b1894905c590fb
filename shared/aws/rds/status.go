package rds

import (
	"strings"

	"github.com/pilotage/pilotage/shared/database"
)

// status brings the states of RDS (User Guide, "Viewing DB instance status") to those that the
// pipeline tells apart. What is neither good nor bad is on its way.
func status(state string) database.Status {
	switch {
	case state == "available" || state == "storage-optimization":
		return database.Available
	case state == "failed", state == "stopped", state == "storage-full", state == "restore-error", state == "deleting",
		strings.HasPrefix(state, "incompatible-"), strings.HasPrefix(state, "inaccessible-encryption-credentials"):
		return database.Failed
	}
	return database.Creating
}
