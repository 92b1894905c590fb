package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/shared/fault"
)

// What functions are configured with. A function reads the parts that its ports need, and no
// other: see ports.

// regionConfig is read by every function. Lambda sets it.
type regionConfig struct {
	Region string `env:"AWS_REGION, required"`
}

type ledgerConfig struct {
	Table string `env:"PILOTAGE_LEDGER_TABLE, required"`
	// LeaseSeconds must be longer than the longest timeout of a function.
	LeaseSeconds int `env:"PILOTAGE_LEASE_SECONDS, default=1200"`
}

type parametersConfig struct {
	Root string `env:"PILOTAGE_PARAMETERS, default=/pilotage"`
}

type bucketConfig struct {
	Bucket string `env:"PILOTAGE_BUCKET, required"`
}

type topicsConfig struct {
	Notices string `env:"PILOTAGE_NOTICES_TOPIC_ARN, required"`
	Pages   string `env:"PILOTAGE_PAGES_TOPIC_ARN, required"`
}

type approvalConfig struct {
	// URL is where the Decide function is reached.
	URL       string `env:"PILOTAGE_APPROVAL_URL, required"`
	SecretArn string `env:"PILOTAGE_APPROVAL_SECRET_ARN, required"`
}

type webhookConfig struct {
	SecretArn string `env:"PILOTAGE_WEBHOOK_SECRET_ARN, required"`
}

type githubConfig struct {
	// TokenArn is the secret of the token by which GitHub is told what becomes of deployments;
	// empty tells it nothing.
	TokenArn string `env:"PILOTAGE_GITHUB_TOKEN_SECRET_ARN"`
	URL      string `env:"PILOTAGE_GITHUB_API_URL, default=https://api.github.com"`
}

type busConfig struct {
	Bus string `env:"PILOTAGE_BUS_NAME, required"`
}

type deployConfig struct {
	Machine string `env:"PILOTAGE_DEPLOY_MACHINE_ARN, required"`
}

type rollbackConfig struct {
	Machine string `env:"PILOTAGE_ROLLBACK_MACHINE_ARN, required"`
}

type databaseConfig struct {
	// Authority is the file of RDS's certificate bundle; empty does not verify the server.
	Authority string `env:"PILOTAGE_DATABASE_CA"`
}

// settings takes an empty variable for a missing one, as a template leaves it.
type settings struct{ envconfig.Lookuper }

// Lookup finds a variable that is not empty.
func (s settings) Lookup(name string) (string, bool) {
	value, found := s.Lookuper.Lookup(name)
	return value, found && value != ""
}

// read fills a config. All settings that are missing are named in one error, fault.Invalid.
func read(ctx context.Context, lookuper envconfig.Lookuper, config any) error {
	var missing []string
	for {
		err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: config, Lookuper: pretend{lookuper, missing}})
		if err == nil {
			break
		}
		name := err.Error()[strings.LastIndex(err.Error(), " ")+1:]
		if !errors.Is(err, envconfig.ErrMissingRequired) || slices.Contains(missing, name) {
			return fault.New(fault.Invalid, "read the settings: %w", err)
		}
		missing = append(missing, name)
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "read the settings: %s must be set", strings.Join(missing, ", "))
	}
	return nil
}

// pretend finds the settings that are known to be missing, so that the next one shows.
type pretend struct {
	envconfig.Lookuper
	missing []string
}

// Lookup finds a variable, or pretends to.
func (p pretend) Lookup(name string) (string, bool) {
	if slices.Contains(p.missing, name) {
		return "missing", true
	}
	return p.Lookuper.Lookup(name)
}
