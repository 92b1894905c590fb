package pipeline

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/config"
)

// newSettings writes each environment's part of pilotage.yaml to where the functions read it.
// Gates and approvers come from here, and never from the release that is being deployed.
func newSettings(scope constructs.Construct, file config.File) {
	for _, name := range file.Names() {
		awsssm.NewCfnParameter(scope, jsii.String("Settings-"+name), &awsssm.CfnParameterProps{
			Name: jsii.String(place.SettingsParameter(place.DefaultRoot, file.Service, name)), Type: jsii.String("String"),
			// The standard tier takes half of settingsBytes.
			Tier: jsii.String("Advanced"), Value: jsii.String(settingsText(file, name, *awscdk.Stack_Of(scope).Region())),
			Description: jsii.String("pilotage.yaml: " + name),
		})
	}
}

// settingsBytes is how long a parameter may be (Systems Manager User Guide, "Managing parameter
// tiers").
const settingsBytes = 8 << 10

// CheckSettings refuses an environment whose part of pilotage.yaml is too long for a parameter.
func CheckSettings(file config.File, name string) error {
	// The longest name that a region has.
	if n := len(settingsText(file, name, "ap-southeast-1")); n > settingsBytes {
		return fmt.Errorf("it takes %d bytes as JSON, and a parameter of Systems Manager holds %d; shorten its smoke tests or its freezes", n, settingsBytes)
	}
	return nil
}

func settingsText(file config.File, name, region string) string {
	text, err := json.Marshal(place.Settings{
		Service: file.Service, Repository: file.Repository, Name: name, Region: region, Environment: file.Environments[name],
	})
	if err != nil {
		panic("encode the settings of " + name + ": " + err.Error())
	}
	return string(text)
}
