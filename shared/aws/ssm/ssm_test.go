package ssm

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// fake is parameters in memory, one a page.
type fake struct {
	parameters map[string]string
	fail       error
}

func (f *fake) GetParameter(_ context.Context, input *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	value, found := f.parameters[*input.Name]
	if !found {
		return nil, &smithy.GenericAPIError{Code: "ParameterNotFound"}
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{Value: &value}}, nil
}

func (f *fake) GetParametersByPath(_ context.Context, input *ssm.GetParametersByPathInput, _ ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error) {
	names := slices.Sorted(maps.Keys(f.parameters))
	i, _ := strconv.Atoi(aws.ToString(input.NextToken))
	if i >= len(names) {
		return &ssm.GetParametersByPathOutput{}, f.fail
	}
	return &ssm.GetParametersByPathOutput{
		Parameters: []types.Parameter{{Name: aws.String(names[i]), Value: aws.String(f.parameters[names[i]])}}, NextToken: aws.String(strconv.Itoa(i + 1)),
	}, f.fail
}

func text(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func somewhere(identifier string) place.Place {
	return place.Place{
		Account: "123456789012", Region: awstest.Region,
		Traffic:  place.Traffic{ListenerArn: "l", UsersRuleArn: "u", MaintenancePriority: 20, TargetGroupArns: place.Slots{Blue: "b", Green: "g"}},
		Fleet:    place.Fleet{Cluster: "c", Services: place.Slots{Blue: "b", Green: "g"}, Family: "f", Template: "t", Container: "app"},
		Database: place.Database{Identifier: identifier, SecretArn: "s"},
		Metrics:  place.Metrics{Namespace: "Shop", LoadBalancer: "app/shop/1", TargetGroups: place.Slots{Blue: "targetgroup/blue/1", Green: "targetgroup/green/1"}},
	}
}

// parameters are those of one service in two environments.
func parameters(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, branches := range map[string][]string{"staging": {"main"}, "production": nil} {
		settings := place.Settings{Service: "shop", Repository: "acme/shop", Name: name, Region: awstest.Region}
		settings.Environment.Branches, settings.Environment.Database.Instance = branches, "shop-"+name
		all[place.SettingsParameter(root, "shop", name)] = text(t, settings)
		all[place.PlaceParameter(root, "shop", name)] = text(t, somewhere("shop-"+name))
	}
	return all
}

func store(t *testing.T) (Store, *fake) {
	t.Helper()
	f := &fake{parameters: parameters(t, place.DefaultRoot)}
	return Store{api: f, root: place.DefaultRoot, region: awstest.Region}, f
}

func scope(environment string) deploy.Scope {
	return deploy.Scope{Service: "shop", Environment: environment, Region: awstest.Region}
}

// behaves is what a Store does, whatever is behind it.
func behaves(t *testing.T, s Store) {
	t.Helper()
	env, err := s.Environment(t.Context(), scope("staging"))
	if err != nil || env.Database.Instance != "shop-staging" {
		t.Errorf("got %+v and error %v", env, err)
	}
	at, err := s.Place(t.Context(), scope("production"))
	if err != nil || at.Database.Identifier != "shop-production" || !strings.HasSuffix(at.Parameter, "/shop/production/place") {
		t.Errorf("got %+v and error %v", at, err)
	}
	all, err := s.All(t.Context())
	if err != nil || len(all) != 2 || all[0].Scope != scope("production") || all[1].Scope != scope("staging") {
		t.Fatalf("got %+v and error %v, want production and staging", all, err)
	}
	if one := all[1]; one.Repository != "acme/shop" || !one.Environment.Takes("main") || all[0].Environment.Takes("main") {
		t.Errorf("got %+v", all)
	}
	of, at, err := s.OfDatabase(t.Context(), "shop-staging")
	if err != nil || of != scope("staging") || at.Database.Identifier != "shop-staging" {
		t.Errorf("got %s, %+v and error %v", of, at, err)
	}
	if _, _, err := s.OfDatabase(t.Context(), "other"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a database that is nobody's: got error %v", err)
	}
	_, err = s.Environment(t.Context(), scope("stagging"))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "shop/production, shop/staging") {
		t.Errorf("got error %v, want one of class Invalid that lists what there is", err)
	}
}

func TestStore(t *testing.T) {
	s, _ := store(t)
	behaves(t, s)
}

func TestStoreOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	root := "/" + awstest.Name("pilotage")
	client := ssm.NewFromConfig(cfg)
	for name, value := range parameters(t, root) {
		if _, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String(name), Value: aws.String(value), Type: types.ParameterTypeString}); err != nil {
			t.Fatal(err)
		}
	}
	behaves(t, New(cfg, root))
}

func TestStoreRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(f *fake)
		scope deploy.Scope
		class fault.Class
		says  string
	}{
		"another region":    {func(*fake) {}, deploy.Scope{Service: "shop", Environment: "staging", Region: "eu-west-1"}, fault.Invalid, "us-east-1"},
		"a path for a name": {func(*fake) {}, deploy.Scope{Service: "shop", Environment: "../staging", Region: awstest.Region}, fault.Invalid, "names"},
		"no place":          {func(f *fake) { delete(f.parameters, "/pilotage/shop/staging/place") }, scope("staging"), fault.Invalid, "deploy the environment's stack"},
		"half a place":      {func(f *fake) { f.parameters["/pilotage/shop/staging/place"] = `{"region":"us-east-1"}` }, scope("staging"), fault.Invalid, "fleet.cluster is missing"},
		"a place elsewhere": {func(f *fake) {
			f.parameters["/pilotage/shop/staging/place"] = strings.Replace(f.parameters["/pilotage/shop/staging/place"], "us-east-1", "eu-west-1", 1)
		}, scope("staging"), fault.Invalid, "eu-west-1"},
		"no JSON":              {func(f *fake) { f.parameters["/pilotage/shop/staging/place"] = "?" }, scope("staging"), fault.Invalid, "/pilotage/shop/staging/place"},
		"throttling":           {func(f *fake) { f.fail = &smithy.GenericAPIError{Code: "ThrottlingException"} }, scope("staging"), fault.Transient, ""},
		"a missing permission": {func(f *fake) { f.fail = &smithy.GenericAPIError{Code: "AccessDeniedException"} }, scope("staging"), fault.Invalid, "ssm:GetParameter"},
	} {
		s, f := store(t)
		test.spoil(f)
		_, err := s.Place(t.Context(), test.scope)
		if !fault.Is(err, test.class) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got error %v, want one of class %s that says %q", name, err, test.class, test.says)
		}
	}
}

// TestPlacesOfEarlierVersionsAreRead: the pipeline's stack is deployed first, and for all environments.
// Until theirs follow, releases come and go there as ever.
func TestPlacesOfEarlierVersionsAreRead(t *testing.T) {
	const metrics = `"loadBalancer":"app/shop/1","targetGroups":{"blue":"targetgroup/blue/1","green":"targetgroup/green/1"}`
	for name, old := range map[string]string{
		"with a source":               `"metrics":{"source":"application",` + metrics + `,"namespace":"Shop"}`,
		"with another source":         `"metrics":{"source":"balancer",` + metrics + `,"namespace":"Shop"}`,
		"before services could count": `"metrics":{"source":"loadbalancer",` + metrics + `}`,
	} {
		s, f := store(t)
		key := "/pilotage/shop/staging/place"
		before, _, found := strings.Cut(f.parameters[key], `"metrics":`)
		if !found {
			t.Fatalf("%s has no metrics", f.parameters[key])
		}
		f.parameters[key] = before + old + "}"
		at, err := s.Place(t.Context(), scope("staging"))
		if err != nil || at.Metrics.LoadBalancer != "app/shop/1" || at.Metrics.TargetGroups.Green != "targetgroup/green/1" {
			t.Errorf("%s: got %+v and error %v", name, at.Metrics, err)
		}
	}
}

func TestTwoEnvironmentsCannotShareADatabase(t *testing.T) {
	s, f := store(t)
	f.parameters["/pilotage/shop/production/settings"] = strings.Replace(f.parameters["/pilotage/shop/production/settings"], "shop-production", "shop-staging", 1)
	if _, _, err := s.OfDatabase(t.Context(), "shop-staging"); !fault.Is(err, fault.Invalid) {
		t.Errorf("got error %v, want one of class Invalid", err)
	}
}

// TestTheExampleFits: a parameter of the advanced tier holds at most 8 KB.
func TestTheExampleFits(t *testing.T) {
	file, err := config.Load("../../../examples/runningapp/pilotage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, env := range file.Environments {
		got := len(text(t, place.Settings{Service: file.Service, Repository: file.Repository, Name: name, Region: "eu-central-1", Environment: env}))
		t.Logf("%s: %d bytes", name, got)
		if got > 8<<10 {
			t.Errorf("the settings of %s have %d bytes, more than a parameter holds", name, got)
		}
	}
}
