package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// environment makes a cluster with two services that run nothing, as infra does.
func environment(t *testing.T, cfg aws.Config) at {
	t.Helper()
	client := ecs.NewFromConfig(cfg)
	name := awstest.Name("shop")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String(name)})
	must(err)
	template, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(name + "-template"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions:    []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("placeholder"), Memory: aws.Int32(512)}},
	})
	must(err)
	for _, slot := range deploy.Slots() {
		_, err := client.CreateService(t.Context(), &ecs.CreateServiceInput{
			Cluster: aws.String(name), ServiceName: aws.String(name + "-" + string(slot)), DesiredCount: aws.Int32(0), TaskDefinition: template.TaskDefinition.TaskDefinitionArn,
		})
		must(err)
	}
	return at{Parameter: "/pilotage/shop/staging/place", Fleet: place.Fleet{
		Cluster: name, Services: place.Slots{Blue: name + "-blue", Green: name + "-green"},
		Family: name, Template: name + "-template", Container: "app",
	}}
}

func TestFleetOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	here := environment(t, cfg)
	f := New(cfg, Ports{Places: here, Leases: leases{}, Releases: releases(image), Targets: targets(traffic.Health{Healthy: 2})})
	before, err := f.Describe(t.Context(), scope(), deploy.Green)
	if err != nil || before.Workload != (deploy.Workload{}) {
		t.Fatalf("got %+v and error %v, want the zero state", before, err)
	}
	definition, err := f.Run(t.Context(), deploy.Lease{}, scope(), order())
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.Run(t.Context(), deploy.Lease{}, scope(), order())
	if err != nil || again != definition {
		t.Fatalf("repeated: got %q and error %v, want %q again", again, err, definition)
	}
	want := deploy.Workload{Digest: digest, Version: "1.2.0", Definition: definition, Count: 2}
	got, err := f.Describe(t.Context(), scope(), deploy.Green)
	if err != nil || got.Workload != want {
		t.Fatalf("got %+v and error %v, want %+v", got, err, want)
	}
	other, err := f.Describe(t.Context(), scope(), deploy.Blue)
	if err != nil || other.Workload != (deploy.Workload{}) {
		t.Errorf("the other slot is %+v, error %v", other, err)
	}
	if err := f.Scale(t.Context(), deploy.Lease{}, scope(), deploy.Green, 0); err != nil {
		t.Fatal(err)
	}
	got, err = f.Describe(t.Context(), scope(), deploy.Green)
	if err != nil || got.Count != 0 || got.Digest != digest {
		t.Errorf("scaled in: got %+v and error %v", got, err)
	}
}

func TestMissingServiceOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	here := environment(t, cfg)
	here.Fleet.Services.Green += "0"
	f := New(cfg, Ports{Places: here, Leases: leases{}, Releases: releases(image), Targets: targets{}})
	_, described := f.Describe(t.Context(), scope(), deploy.Green)
	for name, err := range map[string]error{"describe": described, "scale": f.Scale(t.Context(), deploy.Lease{}, scope(), deploy.Green, 1)} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
	}
}
