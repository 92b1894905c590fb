package rds

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// anybody has every database.
type anybody place.Place

func (a anybody) OfDatabase(context.Context, string) (deploy.Scope, place.Place, error) {
	return deploy.Scope{Service: "shop", Environment: "staging", Region: awstest.Region}, place.Place(a), nil
}

func TestBackupsOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	name, snapshot := awstest.Name("shop"), awstest.Name("pilotage")
	client := rds.NewFromConfig(cfg)
	_, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(name), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("postgres"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("shop"), MasterUserPassword: aws.String("password-of-the-emulator"),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := New(cfg, anybody{Parameter: "/pilotage/shop/staging/place"}, leases{})
	if got, err := b.Snapshot(t.Context(), name, snapshot); err != nil || got.Status != database.Absent {
		t.Fatalf("got %+v and error %v, want it to be absent", got, err)
	}
	for range 2 {
		if err := b.CreateSnapshot(t.Context(), deploy.Lease{Owner: "d1"}, name, snapshot); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Snapshot(t.Context(), name, snapshot)
	if err != nil || got.Status != database.Available || got.Bytes != 20<<30 {
		t.Errorf("got %+v and error %v", got, err)
	}
	for call := 1; got.Status != database.Available || call == 1; call++ {
		if got, err = b.Restore(t.Context(), deploy.Lease{Owner: "d1"}, name, snapshot); err != nil || call > 6 {
			t.Fatalf("call %d: got %+v and error %v", call, got, err)
		}
	}
	for _, one := range []string{name, derive(name, "old", snapshot)} {
		if _, err := client.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(one)}); err != nil {
			t.Errorf("describe %q: %v", one, err)
		}
	}
	if _, err := client.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(derive(name, "new", snapshot))}); err == nil {
		t.Error("the restored instance still has its first name")
	}
}

func TestMissingDatabaseOverTheWire(t *testing.T) {
	b := New(awstest.Open(t), anybody{Parameter: "/pilotage/shop/staging/place"}, leases{})
	if err := b.CreateSnapshot(t.Context(), deploy.Lease{}, "no-such-database", awstest.Name("pilotage")); !fault.Is(err, fault.Invalid) {
		t.Errorf("got error %v, want one of class Invalid", err)
	}
}
