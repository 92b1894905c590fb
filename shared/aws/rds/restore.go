package rds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Restore takes the next step from what exists, so that a call which was cut off, or whose
// reply was lost, is simply made again. Besides the live instance there are two names that
// derive from the snapshot's:
//
//	live        restored     aside     next step
//	any         —            —         restore the snapshot as restored, with live's settings
//	any         on its way   any       wait
//	available   available    —         rename live to aside
//	—           available    available rename restored to live
//	available   —            available nothing: it is done
//
// A rename keeps an endpoint's form, so the new instance is reached under the old address.
// Users get errors from the first rename to the end of the second: minutes. The instance that
// was put aside is kept until a person deletes it.
func (b Backups) Restore(ctx context.Context, lease deploy.Lease, instance, id string) (database.Snapshot, error) {
	scope, at, err := b.places.OfDatabase(ctx, instance)
	if err != nil {
		return database.Snapshot{}, err
	}
	if at.Database.Kind == place.KindCluster {
		return database.Snapshot{}, errNoRestore(instance)
	}
	found, err := b.find(ctx, at, instance, id)
	if err != nil {
		return database.Snapshot{}, err
	}
	if err := b.leases.Check(ctx, scope, lease); err != nil {
		return database.Snapshot{}, err
	}
	return b.step(ctx, at, found)
}

// found is the three instances of a restore, nil for those that do not exist.
type found struct {
	snapshot                               string
	liveName, restoredName, asideName      string
	live, restored, aside                  *types.DBInstance
	liveStatus, restoredStatus, asideState database.Status
}

func (b Backups) find(ctx context.Context, at place.Place, instance, id string) (found, error) {
	f := found{snapshot: id, liveName: instance, restoredName: derive(instance, "new", id), asideName: derive(instance, "old", id)}
	for _, one := range []struct {
		name   string
		into   **types.DBInstance
		status *database.Status
	}{{f.liveName, &f.live, &f.liveStatus}, {f.restoredName, &f.restored, &f.restoredStatus}, {f.asideName, &f.aside, &f.asideState}} {
		answer, err := b.api.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(one.name)})
		*one.status = database.Absent
		if awserr.Is(err, "DBInstanceNotFound", "DBInstanceNotFoundFault") || err == nil && len(answer.DBInstances) == 0 {
			continue
		}
		if err != nil {
			return found{}, awserr.Wrap(err, call(at, fmt.Sprintf("describe instance %q", one.name), "DescribeDBInstances"))
		}
		*one.into, *one.status = &answer.DBInstances[0], status(aws.ToString(answer.DBInstances[0].DBInstanceStatus))
	}
	return f, nil
}

// derive is the name of an instance beside another one: at most 63 characters, letters, digits
// and single hyphens. The hash of the snapshot's name keeps restores apart.
func derive(instance, role, snapshot string) string {
	sum := sha256.Sum256([]byte(snapshot))
	suffix := "-" + role + "-" + hex.EncodeToString(sum[:6])
	return strings.TrimRight(instance[:min(len(instance), 63-len(suffix))], "-") + suffix
}

func (b Backups) step(ctx context.Context, at place.Place, f found) (database.Snapshot, error) {
	waiting := database.Snapshot{ID: f.snapshot, Status: database.Creating}
	switch {
	case f.restoredStatus == database.Failed:
		return database.Snapshot{ID: f.snapshot, Status: database.Failed, Reason: fmt.Sprintf("instance %q is %s", f.restoredName, aws.ToString(f.restored.DBInstanceStatus))}, nil
	case f.restoredStatus == database.Creating, f.liveStatus == database.Creating && f.aside != nil, f.asideState == database.Creating:
		return waiting, nil
	case f.live == nil && (f.restored == nil) != (f.aside == nil):
		// Between the two names of a rename: one of the three is not shown under either.
		return waiting, nil
	case f.live != nil && f.restored == nil && f.aside != nil:
		return database.Snapshot{ID: f.snapshot, Status: database.Available, Percent: 100}, nil
	case f.live != nil && f.restored == nil:
		return waiting, b.restore(ctx, at, f)
	case f.live != nil && f.restored != nil && f.aside == nil:
		return waiting, b.rename(ctx, at, f.liveName, f.asideName)
	case f.live == nil && f.restored != nil && f.aside != nil:
		return waiting, b.rename(ctx, at, f.restoredName, f.liveName)
	}
	return database.Snapshot{}, fault.New(fault.Internal, "restore %q from %q: found %q %s, %q %s, %q %s, which no step leads to; a person has to look",
		f.liveName, f.snapshot, f.liveName, f.liveStatus, f.restoredName, f.restoredStatus, f.asideName, f.asideState)
}

// rename gives an instance another name. Repeating it while it is under way is refused by RDS
// and means to wait.
func (b Backups) rename(ctx context.Context, at place.Place, from, to string) error {
	_, err := b.api.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: aws.String(from), NewDBInstanceIdentifier: aws.String(to), ApplyImmediately: aws.Bool(true),
	})
	if awserr.Is(err, "InvalidDBInstanceState", "InvalidDBInstanceStateFault", "DBInstanceNotFound", "DBInstanceNotFoundFault") {
		return nil
	}
	return awserr.Wrap(err, call(at, fmt.Sprintf("rename instance %q to %q", from, to), "ModifyDBInstance"))
}
