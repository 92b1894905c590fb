package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"

	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/record"
	"github.com/pilotage/pilotage/shared/traffic"
)

// wantedWorld is how an environment should be once a story is over.
type wantedWorld struct {
	release deploy.Release
	// live is the deployment that the ledger calls live.
	live string
	hold bool
}

// look compares the environment with what is wanted: what AWS's APIs, PostgreSQL, the ledger and
// the service itself say of it.
func (s *story) look(ctx context.Context, want wantedWorld) error {
	active, err := s.weights(ctx)
	if err != nil {
		return err
	}
	env, err := s.settings.Environment(ctx, s.scope())
	if err != nil {
		return err
	}
	for _, slot := range deploy.Slots() {
		wanted := want.release.Artefact
		count := env.Capacity.Replicas
		if slot != active {
			wanted, count = "", 0
		}
		if err := s.service(ctx, slot, wanted, count); err != nil {
			return err
		}
	}
	if err := s.answers(ctx, want.release.Version); err != nil {
		return err
	}
	schema, err := s.schema(ctx)
	if err != nil {
		return err
	}
	var newest int64
	for _, one := range want.release.Migrations {
		newest = max(newest, one.Version)
	}
	equal(s, "the schema's version in PostgreSQL", schema, newest)
	return s.remembered(ctx, active, want)
}

// weights is the slot that has all traffic, by ELB's own word; divided traffic is noted.
func (s *story) weights(ctx context.Context) (deploy.Slot, error) {
	at := s.plane().place.Traffic
	answer, err := elbv2.NewFromConfig(s.sdk).DescribeRules(ctx, &elbv2.DescribeRulesInput{ListenerArn: aws.String(at.ListenerArn)})
	if err != nil {
		return "", err
	}
	weights := map[string]int32{}
	for _, rule := range answer.Rules {
		if aws.ToString(rule.Priority) == fmt.Sprint(at.MaintenancePriority) {
			s.wrong("the maintenance rule is still there")
		}
		if aws.ToString(rule.RuleArn) == at.UsersRuleArn {
			for _, group := range rule.Actions[0].ForwardConfig.TargetGroups {
				weights[aws.ToString(group.TargetGroupArn)] = aws.ToInt32(group.Weight)
			}
		}
	}
	blue, green := weights[at.TargetGroupArns.Blue], weights[at.TargetGroupArns.Green]
	if blue+green != 100 || blue*green != 0 {
		s.wrong("ELB's weights are blue %d, green %d; want 100 of one", blue, green)
	}
	if green > blue {
		return deploy.Green, nil
	}
	return deploy.Blue, nil
}

// service compares a slot's service with what ECS says of it. Of an image "" nothing is wanted.
func (s *story) service(ctx context.Context, slot deploy.Slot, image string, count int) error {
	at, api := s.plane().place.Fleet, ecs.NewFromConfig(s.sdk)
	answer, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(at.Cluster), Services: []string{at.Services.Of(slot)}})
	if err != nil {
		return err
	}
	if len(answer.Services) != 1 {
		return fmt.Errorf("ECS describes %d services %s", len(answer.Services), at.Services.Of(slot))
	}
	service := answer.Services[0]
	equal(s, fmt.Sprintf("ECS's desired count of slot %s", slot), int(service.DesiredCount), count)
	if image == "" {
		return nil
	}
	definition, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: service.TaskDefinition})
	if err != nil {
		return err
	}
	container := definition.TaskDefinition.ContainerDefinitions[0]
	equal(s, fmt.Sprintf("the image of slot %s", slot), aws.ToString(container.Image), image)
	state, err := s.plane().slots[slot].fleet.Describe(ctx, s.scope(), slot)
	if err != nil {
		return err
	}
	equal(s, fmt.Sprintf("the healthy processes of slot %s", slot), state.Healthy, count)
	return nil
}

// answers notes when users are served by another release.
func (s *story) answers(ctx context.Context, version string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.plane().router.URL()+"/stats", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	equal(s, "the release that answers users", response.Header.Get(traffic.HeaderRelease), version)
	return response.Body.Close()
}

// schema is the newest migration, as PostgreSQL has it.
func (s *story) schema(ctx context.Context) (int64, error) {
	endpoint, err := s.server.Endpoint(s.plane().instance)
	if err != nil {
		return 0, err
	}
	connection, err := pgx.Connect(ctx, endpoint.DSN(""))
	if err != nil {
		return 0, err
	}
	defer connection.Close(ctx) //nolint:errcheck // nothing was written
	var version int64
	err = connection.QueryRow(ctx, "SELECT max(version) FROM pilotage_migrations").Scan(&version)
	return version, err
}

// remembered compares what the ledger says of the environment.
func (s *story) remembered(ctx context.Context, active deploy.Slot, want wantedWorld) error {
	live, err := s.ledger.Live(ctx, s.scope())
	if err != nil {
		return err
	}
	equal(s, "the ledger's live deployment", live.Deployment, want.live)
	equal(s, "the ledger's live release", live.Release.Digest, want.release.Digest)
	equal(s, "the ledger's live slot", live.Slot, active)
	lock, err := s.ledger.Lock(ctx, s.scope())
	if err != nil {
		return err
	}
	equal(s, "the holder of the lock", lock.Owner, "")
	hold, err := s.ledger.Hold(ctx, s.scope())
	if err != nil {
		return err
	}
	equal(s, "a hold", hold.Active(), want.hold)
	equal(s, "a dirty hold", hold.Dirty, false)
	return nil
}

// backedUp notes when RDS has no snapshot of a deployment.
func (s *story) backedUp(ctx context.Context, id string) error {
	const prefix = "pilotage-"
	answer, err := rds.NewFromConfig(s.sdk).DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String(prefix + id)})
	if err != nil {
		return err
	}
	if len(answer.DBSnapshots) != 1 {
		return fmt.Errorf("RDS has %d snapshots %s", len(answer.DBSnapshots), prefix+id)
	}
	snapshot := answer.DBSnapshots[0]
	equal(s, "the snapshot's status", aws.ToString(snapshot.Status), "available")
	equal(s, "the snapshot's instance", aws.ToString(snapshot.DBInstanceIdentifier), s.plane().instance)
	return nil
}

// recorded reads the change record of an execution from the bucket, and notes what in it does not
// agree with the ledger.
func (s *story) recorded(ctx context.Context, entry ledger.Deployment) (record.Record, error) {
	api := s3.NewFromConfig(s.sdk, func(o *s3.Options) {
		// A body is read after its call has returned.
		o.UsePathStyle, o.APIOptions = true, append(o.APIOptions, session.Unbound)
	})
	var made record.Record
	for _, ending := range []string{".json", ".txt"} {
		object, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(s.variables["PILOTAGE_BUCKET"]), Key: aws.String(entry.RecordKey + ending)})
		if err != nil {
			return record.Record{}, fmt.Errorf("read the record of %s: %w", entry.ID, err)
		}
		if ending == ".json" {
			err = json.NewDecoder(object.Body).Decode(&made)
		}
		_ = object.Body.Close() // it was read
		if err != nil {
			return record.Record{}, fmt.Errorf("read the record of %s: %w", entry.ID, err)
		}
	}
	equal(s, "the record's id", made.ChangeID, entry.ID)
	equal(s, "the record's outcome", made.Outcome, entry.Outcome)
	equal(s, "the record's who", made.Who, entry.Request.RequestedBy)
	equal(s, "the record's why", made.Why, entry.Request.Reason)
	equal(s, "the record's where", made.Where, entry.Scope)
	return made, nil
}

// concerns reports whether a mail is about an execution: its body has a line that names it.
func (m mail) concerns(id string) bool {
	return regexp.MustCompile(`(?m)^(Deployment|Change) +` + regexp.QuoteMeta(id) + `$`).MatchString(m.Message)
}

// told compares the mails about an execution with those that are wanted: for each recipient the ends
// of their subjects, each once.
func (s *story) told(id string, wanted map[string][]string) {
	got := map[string][]string{}
	for _, one := range s.mails.about(func(m mail) bool { return m.concerns(id) }) {
		got[one.To] = append(got[one.To], one.Subject)
	}
	for to, subjects := range wanted {
		missing := slices.DeleteFunc(slices.Clone(subjects), func(end string) bool {
			i := slices.IndexFunc(got[to], func(subject string) bool { return strings.HasSuffix(subject, end) })
			if i >= 0 {
				got[to] = slices.Delete(got[to], i, i+1)
			}
			return i >= 0
		})
		if len(missing) > 0 {
			s.wrong("%s got no mail that ends with %q about %s", to, missing, id)
		}
	}
	for to, subjects := range got {
		if len(subjects) > 0 {
			s.wrong("%s got mails about %s that are not wanted, or twice: %q", to, id, subjects)
		}
	}
}
