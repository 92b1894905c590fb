package environment

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/aws/place"
)

// newPlace writes the names of the environment's resources to where the functions read them.
func newPlace(stack awscdk.Stack, w works) {
	b := w.balancer
	at := place.Place{
		Account: *stack.Account(), Region: *stack.Region(),
		Traffic: place.Traffic{
			ListenerArn: *b.listener.Ref(), UsersRuleArn: *b.users.Ref(), MaintenancePriority: maintenancePriority,
			TargetGroupArns: place.Slots{Blue: *b.blue.Ref(), Green: *b.green.Ref()},
		},
		Fleet: place.Fleet{
			Cluster: w.props.prefix(), Services: place.Slots{Blue: w.props.prefix() + "-blue", Green: w.props.prefix() + "-green"},
			Family: w.props.prefix(), Template: *w.slots.template.Ref(), Container: container,
		},
		Database: place.Database{
			Identifier: w.props.Environment.Database.Instance, Kind: place.KindInstance, SecretArn: w.database.secret,
			Host: *w.database.instance.AttrEndpointAddress(), Port: databasePort, Name: w.database.name,
		},
		Metrics: place.Metrics{
			Namespace: place.Namespace, LoadBalancer: *b.balancer.AttrLoadBalancerFullName(),
			TargetGroups: place.Slots{Blue: *b.blue.AttrTargetGroupFullName(), Green: *b.green.AttrTargetGroupFullName()},
		},
	}
	text, err := json.Marshal(at)
	if err != nil {
		panic("encode the place of " + w.props.Name + ": " + err.Error())
	}
	awsssm.NewCfnParameter(stack, jsii.String("Place"), &awsssm.CfnParameterProps{
		Name: jsii.String(place.PlaceParameter(place.DefaultRoot, w.props.Service, w.props.Name)), Type: jsii.String("String"),
		Tier: jsii.String("Standard"), Value: jsii.String(string(text)), Description: jsii.String("Resources of " + w.props.prefix() + ", by name"),
	})
}
