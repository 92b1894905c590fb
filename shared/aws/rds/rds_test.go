package rds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// fake is RDS in memory. What is begun is finished by settle.
type fake struct {
	api
	instances map[string]*types.DBInstance
	snapshots map[string]types.DBSnapshot
	renames   map[string]string
	log       []string
	fail      map[string]error
	// lose loses the reply to the next change: the caller sees lost instead.
	lose bool
}

func (f *fake) reply(name string) error {
	f.log = append(f.log, name)
	if f.lose {
		f.lose = false
		return &smithy.OperationError{Err: &smithy.DeserializationError{Err: fmt.Errorf("cut off")}}
	}
	return nil
}

func (f *fake) CreateDBSnapshot(_ context.Context, input *rds.CreateDBSnapshotInput, _ ...func(*rds.Options)) (*rds.CreateDBSnapshotOutput, error) {
	if err := f.fail["CreateDBSnapshot"]; err != nil {
		return nil, err
	}
	if _, exists := f.snapshots[*input.DBSnapshotIdentifier]; exists {
		return nil, &smithy.GenericAPIError{Code: "DBSnapshotAlreadyExists"}
	}
	f.snapshots[*input.DBSnapshotIdentifier] = types.DBSnapshot{
		DBInstanceIdentifier: input.DBInstanceIdentifier, Status: aws.String("creating"), PercentProgress: aws.Int32(40), AllocatedStorage: aws.Int32(20),
	}
	return &rds.CreateDBSnapshotOutput{}, f.reply("CreateDBSnapshot")
}

func (f *fake) DescribeDBSnapshots(_ context.Context, input *rds.DescribeDBSnapshotsInput, _ ...func(*rds.Options)) (*rds.DescribeDBSnapshotsOutput, error) {
	snapshot, exists := f.snapshots[*input.DBSnapshotIdentifier]
	if !exists {
		return nil, &smithy.GenericAPIError{Code: "DBSnapshotNotFound"}
	}
	return &rds.DescribeDBSnapshotsOutput{DBSnapshots: []types.DBSnapshot{snapshot}}, nil
}

func (f *fake) DescribeDBInstances(_ context.Context, input *rds.DescribeDBInstancesInput, _ ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error) {
	instance := f.instances[*input.DBInstanceIdentifier]
	if instance == nil {
		return nil, &smithy.GenericAPIError{Code: "DBInstanceNotFound"}
	}
	return &rds.DescribeDBInstancesOutput{DBInstances: []types.DBInstance{*instance}}, nil
}

func (f *fake) RestoreDBInstanceFromDBSnapshot(_ context.Context, input *rds.RestoreDBInstanceFromDBSnapshotInput, _ ...func(*rds.Options)) (*rds.RestoreDBInstanceFromDBSnapshotOutput, error) {
	f.instances[*input.DBInstanceIdentifier] = &types.DBInstance{
		DBInstanceStatus: aws.String("creating"), DBInstanceClass: input.DBInstanceClass, MultiAZ: input.MultiAZ, TagList: input.Tags,
	}
	return &rds.RestoreDBInstanceFromDBSnapshotOutput{}, f.reply("Restore")
}

func (f *fake) ModifyDBInstance(_ context.Context, input *rds.ModifyDBInstanceInput, _ ...func(*rds.Options)) (*rds.ModifyDBInstanceOutput, error) {
	instance := f.instances[*input.DBInstanceIdentifier]
	if *instance.DBInstanceStatus != "available" {
		return nil, &smithy.GenericAPIError{Code: "InvalidDBInstanceState"}
	}
	instance.DBInstanceStatus = aws.String("renaming")
	f.renames[*input.DBInstanceIdentifier] = *input.NewDBInstanceIdentifier
	return &rds.ModifyDBInstanceOutput{}, f.reply("Rename")
}

// settle lets everything that was begun end.
func (f *fake) settle() {
	for from, to := range f.renames {
		f.instances[to] = f.instances[from]
		delete(f.instances, from)
	}
	f.renames = map[string]string{}
	for _, instance := range f.instances {
		instance.DBInstanceStatus = aws.String("available")
	}
}

func server() *fake {
	return &fake{
		instances: map[string]*types.DBInstance{"shop": {
			DBInstanceStatus: aws.String("available"), DBInstanceClass: aws.String("db.m7g.large"), MultiAZ: aws.Bool(true),
			TagList: []types.Tag{{Key: aws.String("aws:cloudformation:stack-name")}, {Key: aws.String("team")}},
		}},
		snapshots: map[string]types.DBSnapshot{}, renames: map[string]string{}, fail: map[string]error{},
	}
}

type at place.Place

func (a at) OfDatabase(_ context.Context, identifier string) (deploy.Scope, place.Place, error) {
	if identifier != "shop" {
		return deploy.Scope{}, place.Place{}, fault.New(fault.Invalid, "no such database")
	}
	return deploy.Scope{Service: "shop", Environment: "staging"}, place.Place(a), nil
}

type leases struct{ err error }

func (l leases) Check(context.Context, deploy.Scope, deploy.Lease) error { return l.err }

func backups(f *fake) Backups {
	return Backups{api: f, places: at{Parameter: "/pilotage/shop/staging/place"}, leases: leases{}}
}

func TestSnapshotProgress(t *testing.T) {
	f := server()
	b := backups(f)
	if got, err := b.Snapshot(t.Context(), "shop", "s"); err != nil || got.Status != database.Absent {
		t.Fatalf("got %+v and error %v, want it to be absent", got, err)
	}
	for range 2 {
		if err := b.CreateSnapshot(t.Context(), deploy.Lease{}, "shop", "s"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := b.Snapshot(t.Context(), "shop", "s"); err != nil || got.Status != database.Creating || got.Percent != 40 {
		t.Errorf("got %+v and error %v", got, err)
	}
	taken := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	one := f.snapshots["s"]
	one.Status, one.SnapshotCreateTime = aws.String("available"), &taken
	f.snapshots["s"] = one
	if got, err := b.Snapshot(t.Context(), "shop", "s"); err != nil || got.Status != database.Available || !got.At.Equal(taken) || got.Bytes != 20<<30 || got.Percent != 100 {
		t.Errorf("got %+v and error %v", got, err)
	}
	one.Status = aws.String("failed")
	f.snapshots["s"] = one
	if got, err := b.Snapshot(t.Context(), "shop", "s"); err != nil || got.Status != database.Failed || got.Reason == "" {
		t.Errorf("got %+v and error %v", got, err)
	}
}

func TestSnapshotRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(f *fake, b *Backups)
		class fault.Class
		says  string
	}{
		"a lost lease": {func(_ *fake, b *Backups) { b.leases = leases{fault.New(fault.LeaseLost, "lost")} }, fault.LeaseLost, ""},
		"another's snapshot": {func(f *fake, _ *Backups) {
			f.snapshots["s"] = types.DBSnapshot{DBInstanceIdentifier: aws.String("other")}
		}, fault.Invalid, `of "other"`},
		"a busy database": {func(f *fake, _ *Backups) {
			f.fail["CreateDBSnapshot"] = &smithy.GenericAPIError{Code: "InvalidDBInstanceState"}
		}, fault.Transient, ""},
		"a quota": {func(f *fake, _ *Backups) {
			f.fail["CreateDBSnapshot"] = &smithy.GenericAPIError{Code: "SnapshotQuotaExceeded"}
		}, fault.Invalid, "quota"},
		"a missing permission": {func(f *fake, _ *Backups) { f.fail["CreateDBSnapshot"] = &smithy.GenericAPIError{Code: "AccessDenied"} }, fault.Invalid, "rds:CreateDBSnapshot"},
		"a database that is no": {func(f *fake, _ *Backups) {
			f.fail["CreateDBSnapshot"] = &smithy.GenericAPIError{Code: "DBInstanceNotFound"}
		}, fault.Invalid, "database.identifier of /pilotage"},
	} {
		f := server()
		b := backups(f)
		test.spoil(f, &b)
		err := b.CreateSnapshot(t.Context(), deploy.Lease{}, "shop", "s")
		if !fault.Is(err, test.class) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got error %v, want one of class %s that says %q", name, err, test.class, test.says)
		}
		if test.class == fault.LeaseLost && len(f.log) > 0 {
			t.Errorf("%s: got calls %q", name, f.log)
		}
	}
}

// restore calls Restore until it is available, at most ten times. Replies to changes are lost
// as told, and what was begun ends only after every other call.
func restore(t *testing.T, f *fake, lose func(call int) bool) (calls int) {
	t.Helper()
	for calls = 1; calls <= 20; calls++ {
		f.lose = lose(calls)
		got, err := backups(f).Restore(t.Context(), deploy.Lease{}, "shop", "pilotage-d1")
		if err != nil && !fault.Is(err, fault.Transient) {
			t.Fatalf("call %d: %v", calls, err)
		}
		if err == nil && got.Status == database.Available {
			return calls
		}
		if calls%2 == 0 {
			f.settle()
		}
	}
	t.Fatalf("not available after %d calls, of which changed something: %q", calls-1, f.log)
	return calls
}

func TestRestoreTakesOneStepAfterTheOther(t *testing.T) {
	want := []string{"Restore", "Rename", "Rename"}
	for name, lose := range map[string]func(int) bool{
		"no reply lost": func(int) bool { return false }, "every reply lost": func(int) bool { return true },
		"the first lost": func(call int) bool { return call == 1 },
	} {
		f := server()
		old := f.instances["shop"]
		restore(t, f, lose)
		if !slices.Equal(f.log, want) {
			t.Errorf("%s: got changes %q, want %q", name, f.log, want)
		}
		live := f.instances["shop"]
		if live == old || f.instances[derive("shop", "old", "pilotage-d1")] != old || len(f.instances) != 2 {
			t.Errorf("%s: got instances %v", name, f.instances)
		}
		// It is as the old one was, and has none of the tags that only AWS may set.
		if *live.DBInstanceClass != "db.m7g.large" || !*live.MultiAZ || len(live.TagList) != 2 {
			t.Errorf("%s: the new instance is %+v", name, live)
		}
		// Doing it again does nothing.
		if calls := restore(t, f, lose); calls != 1 || len(f.log) != 3 {
			t.Errorf("%s: repeated, it took %d calls: %q", name, calls, f.log)
		}
	}
}

func TestRestoreChecksTheLeaseBeforeEachStep(t *testing.T) {
	f := server()
	b := backups(f)
	b.leases = leases{fault.New(fault.LeaseLost, "lost")}
	for range 3 {
		if _, err := b.Restore(t.Context(), deploy.Lease{}, "shop", "s"); !fault.Is(err, fault.LeaseLost) {
			t.Errorf("got error %v, want one of class LeaseLost", err)
		}
		f.settle()
	}
	if len(f.log) > 0 {
		t.Errorf("got changes %q", f.log)
	}
}

func TestRestoreTellsFailureAndDisorder(t *testing.T) {
	f := server()
	f.instances[derive("shop", "new", "s")] = &types.DBInstance{DBInstanceStatus: aws.String("incompatible-restore")}
	got, err := backups(f).Restore(t.Context(), deploy.Lease{}, "shop", "s")
	if err != nil || got.Status != database.Failed || !strings.Contains(got.Reason, "incompatible-restore") {
		t.Errorf("got %+v and error %v", got, err)
	}
	f = server()
	for _, role := range []string{"new", "old"} {
		f.instances[derive("shop", role, "s")] = &types.DBInstance{DBInstanceStatus: aws.String("available")}
	}
	if _, err := backups(f).Restore(t.Context(), deploy.Lease{}, "shop", "s"); !fault.Is(err, fault.Internal) || len(f.log) > 0 {
		t.Errorf("got error %v and changes %q", err, f.log)
	}
	cluster := backups(server())
	cluster.places = at{Database: place.Database{Kind: place.KindCluster}}
	if _, err := cluster.Restore(t.Context(), deploy.Lease{}, "shop", "s"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a cluster: got error %v", err)
	}
}

func TestDerivedNamesAreNamesOfRDS(t *testing.T) {
	for _, instance := range []string{"shop", strings.Repeat("a", 63), strings.Repeat("a-", 31) + "b"} {
		got := derive(instance, "new", "pilotage-20261124-031500-abcdefgh")
		if len(got) > 63 || strings.Contains(got, "--") || strings.HasSuffix(got, "-") || got == derive(instance, "new", "other") {
			t.Errorf("got %q for %q", got, instance)
		}
	}
}
