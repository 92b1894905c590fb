package pipeline

import (
	"encoding/json"

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
		settings := place.Settings{
			Service: file.Service, Repository: file.Repository, Name: name,
			Region: *awscdk.Stack_Of(scope).Region(), Environment: file.Environments[name],
		}
		text, err := json.Marshal(settings)
		if err != nil {
			panic("encode the settings of " + name + ": " + err.Error())
		}
		awsssm.NewCfnParameter(scope, jsii.String("Settings-"+name), &awsssm.CfnParameterProps{
			Name: jsii.String(place.SettingsParameter(place.DefaultRoot, file.Service, name)), Type: jsii.String("String"),
			// Up to 8 KB; the standard tier takes 4.
			Tier: jsii.String("Advanced"), Value: jsii.String(string(text)),
			Description: jsii.String("pilotage.yaml: " + name),
		})
	}
}
