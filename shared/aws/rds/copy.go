package rds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
)

// restore makes a new instance from the snapshot. What a snapshot does not hold (class,
// network, parameters, availability) is taken from the live instance: RDS would take its
// defaults, and the new instance could not even be reached.
func (b Backups) restore(ctx context.Context, at place.Place, f found) error {
	live := f.live
	input := &rds.RestoreDBInstanceFromDBSnapshotInput{
		DBInstanceIdentifier: aws.String(f.restoredName), DBSnapshotIdentifier: aws.String(f.snapshot),
		DBInstanceClass: live.DBInstanceClass, MultiAZ: live.MultiAZ, PubliclyAccessible: live.PubliclyAccessible,
		AutoMinorVersionUpgrade: live.AutoMinorVersionUpgrade, CopyTagsToSnapshot: live.CopyTagsToSnapshot,
		DeletionProtection: live.DeletionProtection, EnableIAMDatabaseAuthentication: live.IAMDatabaseAuthenticationEnabled,
		EnableCloudwatchLogsExports: live.EnabledCloudwatchLogsExports, StorageType: live.StorageType, Iops: live.Iops,
		CACertificateIdentifier: live.CACertificateIdentifier, Tags: append(own(live.TagList),
			types.Tag{Key: aws.String("pilotage:snapshot"), Value: aws.String(f.snapshot)}),
	}
	if live.Endpoint != nil {
		input.Port = live.Endpoint.Port
	}
	if live.DBSubnetGroup != nil {
		input.DBSubnetGroupName = live.DBSubnetGroup.DBSubnetGroupName
	}
	for _, group := range live.VpcSecurityGroups {
		input.VpcSecurityGroupIds = append(input.VpcSecurityGroupIds, aws.ToString(group.VpcSecurityGroupId))
	}
	for _, group := range live.DBParameterGroups {
		input.DBParameterGroupName = group.DBParameterGroupName
	}
	for _, group := range live.OptionGroupMemberships {
		// A default one is chosen by RDS itself, as it was for the live instance.
		if !strings.HasPrefix(aws.ToString(group.OptionGroupName), "default:") {
			input.OptionGroupName = group.OptionGroupName
		}
	}
	_, err := b.api.RestoreDBInstanceFromDBSnapshot(ctx, input)
	if awserr.Is(err, "DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault") {
		// The reply to an earlier attempt was lost.
		return nil
	}
	return awserr.Wrap(err, call(at, fmt.Sprintf("restore snapshot %q as %q", f.snapshot, f.restoredName), "RestoreDBInstanceFromDBSnapshot"))
}

// own are the tags that may be set: those that begin with "aws:" are the services'.
func own(tags []types.Tag) []types.Tag {
	var kept []types.Tag
	for _, tag := range tags {
		if !strings.HasPrefix(aws.ToString(tag.Key), "aws:") {
			kept = append(kept, tag)
		}
	}
	return kept
}
