package environment

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/retain"
)

// database is the service's PostgreSQL.
type database struct {
	instance awsrds.CfnDBInstance
	subnets  awsrds.CfnDBSubnetGroup
	// secret is the ARN of the user and password.
	secret string
	// name is that of the database in the instance.
	name string
}

// How databases are sized and kept. A careful environment keeps 30 days of backups, from which
// any second can be restored; others keep a week.
const (
	engineVersion     = "18.3"
	storageGiB        = "20"
	maxStorageGiB     = 200
	carefulBackupDays = 30
	backupDays        = 7
	userName          = "service"
)

func newDatabase(scope constructs.Construct, props Props, w works) database {
	class, days := "db.t4g.micro", float64(backupDays)
	if props.careful() {
		class, days = "db.m7g.large", carefulBackupDays
	}
	secret := newMasterSecret(scope, props, w)
	group := awsrds.NewCfnDBSubnetGroup(scope, jsii.String("DatabaseSubnets"), &awsrds.CfnDBSubnetGroupProps{
		DbSubnetGroupDescription: jsii.String("Without a way to the internet"), SubnetIds: list(subnets(w.network.vpc.IsolatedSubnets())...),
	})
	name := strings.ReplaceAll(props.Service, "-", "_")
	logs := newDatabaseLogs(scope, props, w)
	instance := awsrds.NewCfnDBInstance(scope, jsii.String("Database"), &awsrds.CfnDBInstanceProps{
		DbInstanceIdentifier: jsii.String(props.Environment.Database.Instance), DbName: jsii.String(name),
		Engine: jsii.String("postgres"), EngineVersion: jsii.String(engineVersion), DbInstanceClass: jsii.String(class),
		StorageType: jsii.String("gp3"), AllocatedStorage: jsii.String(storageGiB), MaxAllocatedStorage: jsii.Number(maxStorageGiB),
		StorageEncrypted: jsii.Bool(true), KmsKeyId: w.key.KeyArn(), MultiAz: jsii.Bool(props.careful()), PubliclyAccessible: jsii.Bool(false),
		DbSubnetGroupName: group.Ref(), VpcSecurityGroups: list(*w.network.database.SecurityGroupId()), Port: jsii.String(text(databasePort)),
		MasterUsername: jsii.String(userName), MasterUserPassword: jsii.String("{{resolve:secretsmanager:" + secret + ":SecretString:password}}"),
		BackupRetentionPeriod: jsii.Number(days), CopyTagsToSnapshot: jsii.Bool(true), DeleteAutomatedBackups: jsii.Bool(!props.Data.Protected()),
		DeletionProtection: jsii.Bool(props.Data.Protected()), AutoMinorVersionUpgrade: jsii.Bool(true),
		EnableCloudwatchLogsExports: jsii.Strings(databaseLogs()...), EnablePerformanceInsights: jsii.Bool(props.careful()),
		EnableIamDatabaseAuthentication: jsii.Bool(true), CaCertificateIdentifier: jsii.String("rds-ca-rsa2048-g1"),
	})
	removal := awscdk.RemovalPolicy_SNAPSHOT
	if props.Data == retain.Delete {
		removal = awscdk.RemovalPolicy_DESTROY
	}
	instance.ApplyRemovalPolicy(removal, nil)
	for _, group := range logs {
		instance.AddResourceDependency(group, nil)
	}
	backups := props.Pipeline.Backups
	awscdk.Tags_Of(instance).Add(jsii.String(backups.TagKey), jsii.String(backups.TagValue), nil)
	return database{instance: instance, subnets: group, secret: secret, name: name}
}

// databaseLogs are the logs that a database exports.
func databaseLogs() []string { return []string{"postgresql", "upgrade"} }

// newDatabaseLogs makes the groups of the database's logs before RDS does, which would encrypt
// them with no key of ours and keep them for ever.
func newDatabaseLogs(scope constructs.Construct, props Props, w works) []awslogs.CfnLogGroup {
	var made []awslogs.CfnLogGroup
	for _, name := range databaseLogs() {
		group := awslogs.NewCfnLogGroup(scope, jsii.String("DatabaseLogs-"+name), &awslogs.CfnLogGroupProps{
			LogGroupName:    jsii.String("/aws/rds/instance/" + props.Environment.Database.Instance + "/" + name),
			RetentionInDays: jsii.Number(logDays), KmsKeyId: w.key.KeyArn(),
		})
		group.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
		made = append(made, group)
	}
	return made
}

// newMasterSecret makes user and password up, in the form that RDS uses. Letters and digits only,
// so that the password can stand in a URL.
func newMasterSecret(scope constructs.Construct, props Props, w works) string {
	secret := awssecretsmanager.NewCfnSecret(scope, jsii.String("DatabaseUser"), &awssecretsmanager.CfnSecretProps{
		Description: jsii.String("User and password of the database of " + props.prefix()), KmsKeyId: w.key.KeyArn(),
		GenerateSecretString: &awssecretsmanager.CfnSecret_GenerateSecretStringProperty{
			SecretStringTemplate: jsii.String(`{"username":"` + userName + `"}`), GenerateStringKey: jsii.String("password"),
			PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true),
		},
	})
	props.Data.Apply(secret)
	return *secret.Ref()
}
