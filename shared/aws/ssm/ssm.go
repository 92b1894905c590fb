// Package ssm reads the configuration of services from the parameter store: each
// environment's part of pilotage.yaml, and where the environment lives. It implements the port
// Settings of package functions, and is the Places of the other adapters.
package ssm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// api is the calls that are made.
type api interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	GetParametersByPath(context.Context, *ssm.GetParametersByPathInput, ...func(*ssm.Options)) (*ssm.GetParametersByPathOutput, error)
}

// Store is the parameters below a root. It is safe for concurrent use. Nothing is kept between
// calls: what an operator changes counts from the next stage on.
type Store struct {
	api    api
	root   string
	region string
}

// New is the Store of the parameters below root, such as place.DefaultRoot, for environments
// in a region. It makes no call.
func New(cfg aws.Config, root string) Store {
	return Store{api: ssm.NewFromConfig(cfg), root: strings.TrimRight(root, "/"), region: cfg.Region}
}

// Environment is the configuration of a scope. An unknown one is fault.Invalid and lists those
// that exist; so is a scope of another region than the pipeline's.
func (s Store) Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error) {
	if err := s.local(scope); err != nil {
		return deploy.Environment{}, err
	}
	var settings place.Settings
	name := place.SettingsParameter(s.root, scope.Service, scope.Environment)
	if err := s.read(ctx, scope, name, &settings); err != nil {
		return deploy.Environment{}, err
	}
	return settings.Environment, nil
}

// Place is where a scope lives. One that is not known, or not complete, is fault.Invalid.
func (s Store) Place(ctx context.Context, scope deploy.Scope) (place.Place, error) {
	if err := s.local(scope); err != nil {
		return place.Place{}, err
	}
	var at place.Place
	name := place.PlaceParameter(s.root, scope.Service, scope.Environment)
	if err := s.read(ctx, scope, name, &at); err != nil {
		return place.Place{}, err
	}
	at.Parameter = name
	if err := at.Check(); err != nil {
		return place.Place{}, fault.New(fault.Invalid, "read parameter %q: deploy the environment's stack again: %w", name, err)
	}
	if at.Region != s.region {
		return place.Place{}, fault.New(fault.Invalid, "read parameter %q: the environment is in %q and this pipeline in %q", name, at.Region, s.region)
	}
	return at, nil
}

// local refuses a scope of another region, or one whose names would lead out of its path.
func (s Store) local(scope deploy.Scope) error {
	if strings.ContainsAny(scope.Service+scope.Environment, "/ ") || scope.Service == "" || scope.Environment == "" {
		return fault.New(fault.Invalid, "find %s: service %q and environment %q must be names", scope, scope.Service, scope.Environment)
	}
	if scope.Region != s.region {
		return fault.New(fault.Invalid, "find %s: this pipeline deploys in %q only; ask the pipeline of %q", scope, s.region, scope.Region)
	}
	return nil
}

func (s Store) read(ctx context.Context, scope deploy.Scope, name string, into any) error {
	answer, err := s.api.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if awserr.Is(err, "ParameterNotFound", "ParameterVersionNotFound") {
		return s.unknown(ctx, scope, name)
	}
	if err != nil {
		return awserr.Wrap(err, s.call("read parameter", name, "GetParameter"))
	}
	if err := json.Unmarshal([]byte(aws.ToString(answer.Parameter.Value)), into); err != nil {
		return fault.New(fault.Invalid, "read parameter %q: %w", name, err)
	}
	return nil
}

// unknown lists what there is instead.
func (s Store) unknown(ctx context.Context, scope deploy.Scope, name string) error {
	all, err := s.all(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Service+"/"+one.Name)
	}
	slices.Sort(names)
	if slices.Contains(names, scope.Service+"/"+scope.Environment) {
		return fault.New(fault.Invalid, "find %s: there is no parameter %q; deploy the environment's stack", scope, name)
	}
	return fault.New(fault.Invalid, "find %s: there is no parameter %q; configured are %s", scope, name, strings.Join(names, ", "))
}

func (s Store) call(verb, name, action string) awserr.Call {
	return awserr.Call{Doing: fmt.Sprintf("%s %q", verb, name), Action: "ssm:" + action, Setting: "PILOTAGE_PARAMETERS"}
}
