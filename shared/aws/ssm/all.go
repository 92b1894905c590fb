package ssm

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// All is every scope of this region with its configuration, in order of the alphabet.
func (s Store) All(ctx context.Context) ([]deploy.Configured, error) {
	found, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	var all []deploy.Configured
	for _, one := range found {
		all = append(all, deploy.Configured{Scope: s.scope(one), Repository: one.Repository, Environment: one.Environment})
	}
	slices.SortFunc(all, func(a, b deploy.Configured) int { return strings.Compare(a.Scope.String(), b.Scope.String()) })
	return all, nil
}

// OfDatabase is whose database an identifier is, and where that lives. An unknown one is
// fault.Invalid, and so is one that two environments claim.
func (s Store) OfDatabase(ctx context.Context, identifier string) (deploy.Scope, place.Place, error) {
	all, err := s.all(ctx)
	if err != nil {
		return deploy.Scope{}, place.Place{}, err
	}
	var owners []deploy.Scope
	for _, one := range all {
		if one.Environment.Database.Instance == identifier {
			owners = append(owners, s.scope(one))
		}
	}
	if len(owners) != 1 {
		return deploy.Scope{}, place.Place{}, fault.New(fault.Invalid, "find database %q: %d environments have it; look at database.instance in pilotage.yaml", identifier, len(owners))
	}
	at, err := s.Place(ctx, owners[0])
	if err != nil {
		return deploy.Scope{}, place.Place{}, err
	}
	if at.Database.Identifier != identifier {
		return deploy.Scope{}, place.Place{}, fault.New(fault.Invalid, "find database %q: %s has %q; bring pilotage.yaml and the environment's stack together", identifier, at.Parameter, at.Database.Identifier)
	}
	return owners[0], at, nil
}

func (s Store) scope(one place.Settings) deploy.Scope {
	return deploy.Scope{Service: one.Service, Environment: one.Name, Region: s.region}
}

// all reads the settings of every environment of the region, all pages of them. One that
// cannot be read is fault.Invalid.
func (s Store) all(ctx context.Context) ([]place.Settings, error) {
	var found []place.Settings
	input := &ssm.GetParametersByPathInput{Path: aws.String(s.root), Recursive: aws.Bool(true), WithDecryption: aws.Bool(true)}
	for {
		page, err := s.api.GetParametersByPath(ctx, input)
		if err != nil {
			return nil, awserr.Wrap(err, s.call("list the parameters below", s.root, "GetParametersByPath"))
		}
		for _, parameter := range page.Parameters {
			if !strings.HasSuffix(aws.ToString(parameter.Name), "/settings") {
				continue
			}
			var one place.Settings
			if err := json.Unmarshal([]byte(aws.ToString(parameter.Value)), &one); err != nil {
				return nil, fault.New(fault.Invalid, "read parameter %q: %w", aws.ToString(parameter.Name), err)
			}
			if one.Region == "" || one.Region == s.region {
				found = append(found, one)
			}
		}
		if aws.ToString(page.NextToken) == "" {
			return found, nil
		}
		input.NextToken = page.NextToken
	}
}
