package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/config"
)

func dataIsEncrypted(t *testing.T, a assembly) {
	for kind, path := range map[string]string{
		"AWS::DynamoDB::Table": "SSESpecification.KMSMasterKeyId", "AWS::SNS::Topic": "KmsMasterKeyId", "AWS::SQS::Queue": "KmsMasterKeyId",
		"AWS::Logs::LogGroup": "KmsKeyId", "AWS::SecretsManager::Secret": "KmsKeyId", "AWS::RDS::DBInstance": "KmsKeyId",
		"AWS::ECR::Repository": "EncryptionConfiguration.KmsKey", "AWS::Backup::BackupVault": "EncryptionKeyArn",
		"AWS::S3::Bucket": "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm",
	} {
		a.each(t, kind, func(t *testing.T, name string, r resource) {
			if r.at(path) == nil {
				t.Errorf("%s (%s) has no %s", name, kind, path)
			}
		})
	}
	a.each(t, "AWS::KMS::Key", func(t *testing.T, name string, r resource) {
		if r.at("EnableKeyRotation") != true {
			t.Errorf("key %s is not rotated", name)
		}
	})
	a.each(t, "AWS::S3::BucketPolicy", func(t *testing.T, name string, r resource) {
		if !strings.Contains(plain(r.at("PolicyDocument")), `"aws:SecureTransport":"false"`) {
			t.Errorf("%s lets plain HTTP in", name)
		}
	})
}

func retentionIsSet(t *testing.T, a assembly) {
	for kind, path := range map[string]string{
		"AWS::Logs::LogGroup": "RetentionInDays", "AWS::SQS::Queue": "MessageRetentionPeriod",
		"AWS::S3::Bucket": "LifecycleConfiguration.Rules.0.ExpirationInDays", "AWS::RDS::DBInstance": "BackupRetentionPeriod",
		"AWS::DynamoDB::Table": "TimeToLiveSpecification.AttributeName", "AWS::ECR::Repository": "LifecyclePolicy.LifecyclePolicyText",
	} {
		a.each(t, kind, func(t *testing.T, name string, r resource) {
			if r.at(path) == nil {
				t.Errorf("%s (%s) has no %s", name, kind, path)
			}
		})
	}
	rule := a["Pipeline"].Resources["Archive"].at("LifecycleConfiguration.Rules.0")
	if at(rule, "Prefix") != "artefacts/" || at(rule, "ExpirationInDays") != 30.0 {
		t.Errorf("artefacts are kept by the rule %v, want 30 days", rule)
	}
}

func dataIsBackedUp(t *testing.T, a assembly) {
	a.each(t, "AWS::Backup::BackupPlan", func(t *testing.T, name string, r resource) {
		if days := r.at("BackupPlan.BackupPlanRule.0.Lifecycle.DeleteAfterDays"); days != 30.0 {
			t.Errorf("%s keeps backups for %v days, want 30", name, days)
		}
	})
	if days := a["production"].Resources["Database"].at("BackupRetentionPeriod"); days != 30.0 {
		t.Errorf("production's database is kept for %v days, want 30", days)
	}
	if zones := a["production"].Resources["Database"].at("MultiAZ"); zones != true {
		t.Errorf("production's database is in more than one zone: %v", zones)
	}
	for _, id := range []string{"Pipeline/Ledger", "staging/Database", "production/Database"} {
		stack, name, _ := strings.Cut(id, "/")
		if tags := plain(a[stack].Resources[name].at("Tags")); !strings.Contains(tags, `"pilotage:backup"`) {
			t.Errorf("%s is not in the daily backup: %s", id, tags)
		}
	}
}

// dataSurvives: nothing that a person would miss goes with its stack, unless asked for.
func dataSurvives(t *testing.T, a assembly) {
	const retain, unlessNew, snapshot = "Retain", "RetainExceptOnCreate", "Snapshot"
	kept := map[string][2]string{
		"AWS::DynamoDB::Table": {unlessNew, retain}, "AWS::S3::Bucket": {unlessNew, retain}, "AWS::ECR::Repository": {unlessNew, retain},
		"AWS::KMS::Key": {unlessNew, retain}, "AWS::Backup::BackupVault": {unlessNew, retain}, "AWS::RDS::DBInstance": {snapshot, snapshot},
	}
	for kind, want := range kept {
		a.each(t, kind, func(t *testing.T, name string, r resource) {
			if got := [2]string{r.DeletionPolicy, r.UpdateReplacePolicy}; got != want {
				t.Errorf("%s has policies %v, want %v", name, got, want)
			}
		})
	}
	asked := synthesise(t, map[string]any{"data": "delete"})
	for kind := range kept {
		asked.each(t, kind, func(t *testing.T, name string, r resource) {
			if r.DeletionPolicy != "Delete" || r.at("DeletionProtection") == true || r.at("DeletionProtectionEnabled") == true {
				t.Errorf("%s cannot be deleted even when asked for", name)
			}
		})
	}
	// S3 deletes no bucket that logs come into.
	if asked["Pipeline"].Resources["Archive"].at("LoggingConfiguration") != nil || a["Pipeline"].Resources["Archive"].at("LoggingConfiguration") == nil {
		t.Error("who reads the archive is not logged until data is deleted")
	}
	on, off := plain(a["staging"].Resources["Balancer"].at("LoadBalancerAttributes")), plain(asked["staging"].Resources["Balancer"].at("LoadBalancerAttributes"))
	if log := `"Key":"access_logs.s3.enabled","Value":"`; !strings.Contains(on, log+"true") || !strings.Contains(off, log+"false") {
		t.Errorf("requests are not logged until data is deleted: %s, then %s", on, off)
	}
}

func secretsAreNotWritten(t *testing.T, a assembly) {
	reference := regexp.MustCompile(`\{\{resolve:secretsmanager:.*?:SecretString:[a-z]+\}\}`)
	password := regexp.MustCompile(`(?i)(password|secret|token)"?[:=]\s*"?[A-Za-z0-9+/]{16,}`)
	key := regexp.MustCompile(`AKIA[0-9A-Z]{16}|-----BEGIN|://[^:/ "]+:[^@{ "]+@`)
	for name, stack := range a {
		for id, r := range stack.Resources {
			for _, path := range []string{"SecretString", "MasterUserPassword"} {
				if value := r.at(path); value != nil && !reference.MatchString(plain(value)) {
					t.Errorf("%s/%s has a %s that is written out", name, id, path)
				}
			}
			text, err := json.Marshal(r.Properties)
			if err != nil {
				t.Fatalf("encode %s: %v", id, err)
			}
			if found := key.Find(reference.ReplaceAll(text, nil)); found != nil {
				t.Errorf("%s/%s looks like a secret: %s", name, id, found)
			}
			if found := password.Find(text); found != nil && r.Type == "AWS::SecretsManager::Secret" {
				t.Errorf("%s/%s looks like a secret: %s", name, id, found)
			}
		}
	}
}

func recordsCanBeLocked(t *testing.T, a assembly) {
	if a["Pipeline"].Resources["Archive"].at("ObjectLockConfiguration") != nil {
		t.Error("records are locked although nobody asked: that cannot be undone")
	}
	locked := synthesise(t, map[string]any{"recordLockDays": "400"})["Pipeline"].Resources["Archive"]
	if days := locked.at("ObjectLockConfiguration.Rule.DefaultRetention.Days"); days != 400.0 || locked.at("VersioningConfiguration.Status") != "Enabled" {
		t.Errorf("records are locked for %v days, want 400", days)
	}
}

// file is the shipped pilotage.yaml.
func file(t *testing.T) config.File {
	t.Helper()
	read, err := config.Load(filepath.Join("..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return read
}
