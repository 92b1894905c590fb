package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/e2e/assembly"
	"github.com/pilotage/pilotage/local/postgres"
)

// cloudFormation is the version of its API.
const cloudFormation = "2010-05-15"

// deploy creates a stack from an adapted template. CreateStack goes over the wire; the CDK's
// command line would only add the upload of the functions' archive, which nothing here runs.
func (w *world) deploy(ctx context.Context, file, stack string) error {
	say("creating stack %s", stack)
	text, err := os.ReadFile(filepath.Join(w.dir, "cdk.out", file+".template.json"))
	if err != nil {
		return err
	}
	adapted, err := assembly.Adapt(text, w.adaption(ctx, file))
	if err != nil {
		return fmt.Errorf("adapt the template of %s: %w", file, err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, file+".adapted.json"), []byte(adapted.Body), 0o600); err != nil {
		return err
	}
	_, err = w.emulator().query(ctx, "cloudformation", "CreateStack", cloudFormation, map[string]string{"StackName": stack, "TemplateBody": adapted.Body})
	if err != nil {
		return fmt.Errorf("create stack %s: %w", stack, err)
	}
	if err := w.created(ctx, stack, adapted.Resources); err != nil {
		return err
	}
	w.subscriptions = append(w.subscriptions, adapted.Subscriptions...)
	for kind, count := range adapted.LeftOut {
		w.leftOut[kind] += count
	}
	return nil
}

// adaption is what takes the place of what the emulation has not.
func (w *world) adaption(ctx context.Context, file string) assembly.Options {
	texts := map[string]string{}
	for _, p := range w.planes {
		// Users reach an environment at the data plane's router.
		texts[p.public] = p.router.URL()
	}
	for _, machine := range []string{"pilotage-deploy", "pilotage-rollback"} {
		texts[":stateMachine:"+machine+":live"] = ":stateMachine:" + machine
	}
	return assembly.Options{
		Texts: texts, Password: w.password,
		URL: func(function string) (string, error) { return w.serveFunction(ctx, function) },
		Secret: func(id string, properties map[string]any) (string, error) {
			return w.secret(ctx, file, id, properties)
		},
	}
}

// secret makes a secret as the template says: CloudFormation in the emulation has none.
func (w *world) secret(ctx context.Context, file, id string, properties map[string]any) (string, error) {
	value := rand.Text() + rand.Text()
	generated, _ := properties["GenerateSecretString"].(map[string]any)
	switch {
	case generated["SecretStringTemplate"] != nil:
		// The one of a database: its user is the real server's.
		text, err := json.Marshal(map[string]string{"username": postgres.Superuser, "password": w.password})
		if err != nil {
			return "", err
		}
		value = string(text)
	case properties["SecretString"] != nil && w.planes[file] != nil:
		// CloudFormation would have put the database's address together.
		value = w.planes[file].dsn
	}
	var answer struct{ ARN string }
	err := w.emulator().json(ctx, "secretsmanager", "secretsmanager.CreateSecret", map[string]string{
		"Name": file + "-" + id, "SecretString": value, "ClientRequestToken": rand.Text() + rand.Text(),
	}, &answer)
	return answer.ARN, err
}

// created fails unless every resource of the template is there: the emulation says CREATE_COMPLETE
// of stacks whose types it has skipped.
func (w *world) created(ctx context.Context, stack string, wanted map[string]string) error {
	answer, err := w.emulator().query(ctx, "cloudformation", "DescribeStackResources", cloudFormation, map[string]string{"StackName": stack})
	if err != nil {
		return err
	}
	var made struct {
		Resources []struct {
			ID     string `xml:"LogicalResourceId"`
			Status string `xml:"ResourceStatus"`
		} `xml:"DescribeStackResourcesResult>StackResources>member"`
	}
	if err := xml.Unmarshal(answer, &made); err != nil {
		return fmt.Errorf("read the resources of stack %s: %w", stack, err)
	}
	missing := map[string]string{}
	for id, kind := range wanted {
		missing[id] = kind
	}
	for _, one := range made.Resources {
		if strings.HasSuffix(one.Status, "_COMPLETE") {
			delete(missing, one.ID)
		}
	}
	var lacking []string
	for id, kind := range missing {
		lacking = append(lacking, id+" ("+kind+")")
	}
	slices.Sort(lacking)
	if len(lacking) > 0 {
		return fmt.Errorf("create stack %s: the emulation has not made %s; where it lacks the type, e2e/assembly has to leave it out", stack, strings.Join(lacking, ", "))
	}
	return nil
}
