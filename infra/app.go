package main

import (
	"fmt"
	"hash/crc32"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/environment"
	"github.com/pilotage/pilotage/infra/pipeline"
)

// build makes the stacks: the pipeline's, and one for each environment of pilotage.yaml.
func build(app awscdk.App, s settings) error {
	blocks, err := blocks(s.File.Names())
	if err != nil {
		return err
	}
	zones(app, s)
	made := pipeline.New(app, pipeline.Props{
		File: s.File, Code: s.Code, Data: s.Data, RecordLockDays: s.RecordLockDays,
		PublicConcurrency: s.PublicConcurrency, Env: s.environment(),
	})
	for _, name := range s.File.Names() {
		environment.New(app, environment.Props{
			Service: s.File.Service, Name: name, Environment: s.File.Environments[name], CIDR: blocks[name],
			Certificate: s.Certificates[name], Data: s.Data, Pipeline: made, Env: s.environment(),
		})
	}
	return nil
}

// blocks are the networks' address blocks, 10.0.0.0/16 to 10.249.0.0/16. Each follows from the
// environment's name alone: networks cannot be renumbered when another environment is added.
func blocks(names []string) (map[string]string, error) {
	chosen, owners := map[string]string{}, map[uint32]string{}
	for _, name := range names {
		number := crc32.ChecksumIEEE([]byte(name)) % 250
		if owner, taken := owners[number]; taken {
			return nil, fmt.Errorf("environments %q and %q would have the same network; give one of them another name", owner, name)
		}
		owners[number] = name
		chosen[name] = fmt.Sprintf("10.%d.0.0/16", number)
	}
	return chosen, nil
}

// zones says where the networks' subnets go: to the zones that CloudFormation finds. The CDK would
// ask AWS for their names where both account and region are known, and the app could no longer be
// synthesised without credentials.
func zones(app awscdk.App, s settings) {
	if s.Account == "" || s.Region == "" {
		return
	}
	all := awscdk.Fn_GetAzs(nil)
	two := []string{*awscdk.Fn_Select(jsii.Number(0), all), *awscdk.Fn_Select(jsii.Number(1), all)}
	app.Node().SetContext(jsii.String("availability-zones:account="+s.Account+":region="+s.Region), two)
}
