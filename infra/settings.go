package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/environment"
	"github.com/pilotage/pilotage/infra/pipeline"
	"github.com/pilotage/pilotage/infra/retain"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// settings are what the app is told, in cdk.json or by -c name=value.
type settings struct {
	// File is the service's configuration, of context "configuration".
	File config.File
	// Code is the folder of the functions' binary, of context "code".
	Code string
	// Data is "keep" or "delete", of context "data".
	Data retain.Policy
	// RecordLockDays is of context "recordLockDays".
	RecordLockDays int
	// PublicConcurrency is of context "publicConcurrency".
	PublicConcurrency int
	// Certificates are ARNs of ACM, by environment, of context "certificate:ENVIRONMENT".
	Certificates map[string]string
	// Account and Region are where to deploy to; empty for whatever the credentials say.
	Account, Region string
}

// maxLockDays is ten years: a mistyped lock cannot be taken back.
const maxLockDays = 3650

// maxPublicConcurrency is the limit of an account that never asked for more.
const maxPublicConcurrency = 1000

// readSettings reads and checks the context. Its errors say which value is wrong and what would
// be right; those of pilotage.yaml say file and line.
func readSettings(app awscdk.App) (settings, error) {
	read := func(name, otherwise string) string {
		value := app.Node().TryGetContext(jsii.String(name))
		if value == nil {
			return otherwise
		}
		return fmt.Sprint(value)
	}
	s := settings{
		Code: read("code", filepath.Join("build", "lambda")), Data: retain.Policy(read("data", string(retain.Keep))),
		Account: read("account", ""), Certificates: map[string]string{},
	}
	if s.Account != "" && !regexp.MustCompile(`^[0-9]{12}$`).MatchString(s.Account) {
		return settings{}, fmt.Errorf("context account is %q; it is the 12 digits of an account", s.Account)
	}
	if s.Data != retain.Keep && s.Data != retain.Delete {
		return settings{}, fmt.Errorf("context data is %q; it is %q or %q", s.Data, retain.Keep, retain.Delete)
	}
	var err error
	if s.RecordLockDays, err = number("recordLockDays", read("recordLockDays", "0"), maxLockDays); err != nil {
		return settings{}, err
	}
	if s.PublicConcurrency, err = number("publicConcurrency", read("publicConcurrency", "0"), maxPublicConcurrency); err != nil {
		return settings{}, err
	}
	if _, err := os.Stat(filepath.Join(s.Code, "bootstrap")); err != nil {
		return settings{}, fmt.Errorf("the functions are not built: run `make functions` (%w)", err)
	}
	s.File, err = load(read("configuration", config.FileName))
	if err != nil {
		return settings{}, err
	}
	s.Region = s.File.Region
	for _, name := range s.File.Names() {
		arn := read("certificate:"+name, "")
		if arn != "" && !strings.HasPrefix(arn, "arn:") {
			return settings{}, fmt.Errorf("context certificate:%s is %q; it is the ARN of a certificate of ACM", name, arn)
		}
		s.Certificates[name] = arn
	}
	return s, nil
}

// number reads a context that is a whole number, 0 included.
func number(name, text string, most int) (int, error) {
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 || value > most {
		return 0, fmt.Errorf("context %s is %q; it is a number from 0 to %d", name, text, most)
	}
	return value, nil
}

// environment is where the stacks go; nil leaves it to the credentials.
func (s settings) environment() *awscdk.Environment {
	var where awscdk.Environment
	if s.Account != "" {
		where.Account = jsii.String(s.Account)
	}
	if s.Region != "" {
		where.Region = jsii.String(s.Region)
	}
	if s.Account == "" && s.Region == "" {
		return nil
	}
	return &where
}

// load reads pilotage.yaml, and checks what is only wrong on AWS.
func load(path string) (config.File, error) {
	file, err := config.Load(path)
	if err != nil {
		return config.File{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return config.File{}, fmt.Errorf("read configuration %q: %w", path, err)
	}
	document, err := yamlfile.Parse(filepath.Base(path), text)
	if err != nil {
		return config.File{}, err
	}
	var problems []yamlfile.Problem
	for _, name := range file.Names() {
		at := "environments." + name
		if err := environment.CheckCapacity(file.Environments[name].Capacity); err != nil {
			problems = append(problems, document.Problem(at+".capacity", "%v", err))
		}
		if err := pipeline.CheckSettings(file, name); err != nil {
			problems = append(problems, document.Problem(at, "%v", err))
		}
	}
	return file, document.Fail(problems)
}
