// Package rds backs databases up with RDS snapshots and restores them: it implements
// database.Backups for RDS instances, and the taking of snapshots for Aurora clusters too.
package rds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Places knows whose database an instance is.
type Places interface {
	OfDatabase(ctx context.Context, identifier string) (deploy.Scope, place.Place, error)
}

// Leases refuses changes under a lease that was lost.
type Leases interface {
	Check(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
}

// api is the calls that are made.
type api interface {
	CreateDBSnapshot(context.Context, *rds.CreateDBSnapshotInput, ...func(*rds.Options)) (*rds.CreateDBSnapshotOutput, error)
	DescribeDBSnapshots(context.Context, *rds.DescribeDBSnapshotsInput, ...func(*rds.Options)) (*rds.DescribeDBSnapshotsOutput, error)
	CreateDBClusterSnapshot(context.Context, *rds.CreateDBClusterSnapshotInput, ...func(*rds.Options)) (*rds.CreateDBClusterSnapshotOutput, error)
	DescribeDBClusterSnapshots(context.Context, *rds.DescribeDBClusterSnapshotsInput, ...func(*rds.Options)) (*rds.DescribeDBClusterSnapshotsOutput, error)
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
	RestoreDBInstanceFromDBSnapshot(context.Context, *rds.RestoreDBInstanceFromDBSnapshotInput, ...func(*rds.Options)) (*rds.RestoreDBInstanceFromDBSnapshotOutput, error)
	ModifyDBInstance(context.Context, *rds.ModifyDBInstanceInput, ...func(*rds.Options)) (*rds.ModifyDBInstanceOutput, error)
}

// Backups is the snapshots of all databases. It is safe for concurrent use.
type Backups struct {
	api    api
	places Places
	leases Leases
}

var _ database.Backups = Backups{}

// New is a Backups. It makes no call.
func New(cfg aws.Config, places Places, leases Leases) Backups {
	return Backups{api: rds.NewFromConfig(cfg), places: places, leases: leases}
}

// CreateSnapshot starts a snapshot. One of this name of the same database is the result of an
// earlier attempt; one of another database is fault.Invalid. A database that is being changed
// just now is fault.Transient. On a Single-AZ instance I/O stands still for seconds (RDS User
// Guide, "Creating a DB snapshot").
func (b Backups) CreateSnapshot(ctx context.Context, lease deploy.Lease, instance, id string) error {
	scope, at, err := b.places.OfDatabase(ctx, instance)
	if err != nil {
		return err
	}
	if err := b.leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	doing := fmt.Sprintf("create snapshot %q of %q", id, instance)
	tags := []types.Tag{
		{Key: aws.String("pilotage:deployment"), Value: aws.String(lease.Owner)},
		{Key: aws.String("pilotage:scope"), Value: aws.String(scope.String())},
	}
	if at.Database.Kind == place.KindCluster {
		_, err = b.api.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{
			DBClusterIdentifier: aws.String(instance), DBClusterSnapshotIdentifier: aws.String(id), Tags: tags,
		})
		return b.made(ctx, instance, id, err, call(at, doing, "CreateDBClusterSnapshot"))
	}
	_, err = b.api.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{
		DBInstanceIdentifier: aws.String(instance), DBSnapshotIdentifier: aws.String(id), Tags: tags,
	})
	return b.made(ctx, instance, id, err, call(at, doing, "CreateDBSnapshot"))
}

// made reads the answer to the creation of a snapshot.
func (b Backups) made(ctx context.Context, instance, id string, err error, call awserr.Call) error {
	switch {
	case awserr.Is(err, "DBSnapshotAlreadyExists", "DBClusterSnapshotAlreadyExistsFault"):
		// Snapshot refuses that of another database.
		_, err := b.Snapshot(ctx, instance, id)
		return err
	case awserr.Is(err, "InvalidDBInstanceState", "InvalidDBClusterStateFault"):
		return fault.New(fault.Transient, "%s: it is being changed: %w", call.Doing, err)
	case awserr.Is(err, "SnapshotQuotaExceeded"):
		return fault.New(fault.Invalid, "%s: the account has as many manual snapshots as it may; delete old ones or raise the quota: %w", call.Doing, err)
	}
	return awserr.Wrap(err, call)
}

// Snapshot tells the progress of a snapshot. Bytes is the storage that the database had, the
// only size that RDS tells. A snapshot of another database is fault.Invalid.
func (b Backups) Snapshot(ctx context.Context, instance, id string) (database.Snapshot, error) {
	_, at, err := b.places.OfDatabase(ctx, instance)
	if err != nil {
		return database.Snapshot{}, err
	}
	if at.Database.Kind == place.KindCluster {
		return b.clusterSnapshot(ctx, at, instance, id)
	}
	answer, err := b.api.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String(id)})
	if awserr.Is(err, "DBSnapshotNotFound", "DBSnapshotNotFoundFault") || err == nil && len(answer.DBSnapshots) == 0 {
		return database.Snapshot{ID: id, Status: database.Absent}, nil
	}
	if err != nil {
		return database.Snapshot{}, awserr.Wrap(err, call(at, fmt.Sprintf("describe snapshot %q", id), "DescribeDBSnapshots"))
	}
	found := answer.DBSnapshots[0]
	if of := aws.ToString(found.DBInstanceIdentifier); of != instance {
		return database.Snapshot{}, fault.New(fault.Invalid, "describe snapshot %q: it is of %q, not of %q", id, of, instance)
	}
	snapshot := database.Snapshot{
		ID: id, Status: status(aws.ToString(found.Status)), At: aws.ToTime(found.SnapshotCreateTime).UTC(),
		Bytes: int64(aws.ToInt32(found.AllocatedStorage)) << 30, Percent: int(aws.ToInt32(found.PercentProgress)),
	}
	if snapshot.Status == database.Failed {
		snapshot.Reason = "RDS calls it " + aws.ToString(found.Status)
	}
	return whole(snapshot), nil
}

// whole is a snapshot whose progress agrees with its status: RDS only estimates the former.
func whole(snapshot database.Snapshot) database.Snapshot {
	if snapshot.Status == database.Available {
		snapshot.Percent = 100
	}
	return snapshot
}

func (b Backups) clusterSnapshot(ctx context.Context, at place.Place, cluster, id string) (database.Snapshot, error) {
	answer, err := b.api.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: aws.String(id)})
	if awserr.Is(err, "DBClusterSnapshotNotFoundFault", "DBClusterSnapshotNotFound") || err == nil && len(answer.DBClusterSnapshots) == 0 {
		return database.Snapshot{ID: id, Status: database.Absent}, nil
	}
	if err != nil {
		return database.Snapshot{}, awserr.Wrap(err, call(at, fmt.Sprintf("describe cluster snapshot %q", id), "DescribeDBClusterSnapshots"))
	}
	found := answer.DBClusterSnapshots[0]
	if of := aws.ToString(found.DBClusterIdentifier); of != cluster {
		return database.Snapshot{}, fault.New(fault.Invalid, "describe cluster snapshot %q: it is of %q, not of %q", id, of, cluster)
	}
	return whole(database.Snapshot{
		ID: id, Status: status(aws.ToString(found.Status)), At: aws.ToTime(found.SnapshotCreateTime).UTC(),
		Bytes: int64(aws.ToInt32(found.AllocatedStorage)) << 30, Percent: int(aws.ToInt32(found.PercentProgress)),
		Reason: map[database.Status]string{database.Failed: "RDS calls it " + aws.ToString(found.Status)}[status(aws.ToString(found.Status))],
	}), nil
}

// errNoRestore says what is not built.
func errNoRestore(cluster string) error {
	return fault.New(fault.Invalid, "restore cluster %q: %w", cluster, errors.New("restoring an Aurora cluster takes a person; the snapshot is there, and the runbook has the steps"))
}

// call is a call for messages.
func call(at place.Place, doing, action string) awserr.Call {
	return awserr.Call{Doing: doing, Action: "rds:" + action, Setting: "database.identifier of " + at.Parameter}
}
