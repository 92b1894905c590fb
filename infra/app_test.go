package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// TestApp synthesises the app as it is shipped, once, and holds the templates to everything that
// is promised of them. Tests of the CDK cannot run side by side: it has one runtime.
func TestApp(t *testing.T) {
	defer jsii.Close()
	shipped := synthesise(t, nil)
	for name, check := range map[string]func(*testing.T, assembly){
		"templates are as reviewed":                goldenTemplates,
		"rights are as reviewed":                   goldenRights,
		"wildcards have a reason":                  wildcardsHaveReasons,
		"each function has a role of its own":      rolesAreOwn,
		"roles have what the ports need":           rolesAreExact,
		"old versions may be called":               oldVersionsMayBeCalled,
		"the functions are those of the table":     functionsAreTheTables,
		"functions stop before their states do":    functionsStopInTime,
		"data is encrypted":                        dataIsEncrypted,
		"nothing is kept for ever unsaid":          retentionIsSet,
		"data is backed up":                        dataIsBackedUp,
		"data survives its stack":                  dataSurvives,
		"machines log and trace":                   machinesAreWatched,
		"executions are pinned to versions":        executionsArePinned,
		"rendered definitions pass the lints":      definitionsPassLints,
		"commits are built":                        commitsAreBuilt,
		"pipelines are awaited":                    pipelinesAreAwaited,
		"rules have dead letters":                  rulesHaveDeadLetters,
		"events that fail are kept":                failedEventsAreKept,
		"dead letters are seen":                    lettersAreSeen,
		"public functions leave room":              publicFunctionsAreBounded,
		"no secret is in a template":               secretsAreNotWritten,
		"only the right ones talk to each other":   networkIsClosed,
		"capacity is what pilotage.yaml says":      capacityIsConfigured,
		"places are complete":                      placesAreComplete,
		"releases are told where to count":         releasesAreToldWhereToCount,
		"settings are what pilotage.yaml says":     settingsAreConfigured,
		"everybody gets their own mail":            subscriptionsAreOwn,
		"whoever is written to is told":            everybodyIsTold,
		"every alarm tells somebody":               alarmsTell,
		"people are called for what needs them":    alarmsAreForPeople,
		"alarms say where to read on":              alarmsSayWhereToRead,
		"logs are counted by need":                 logsAreCountedByNeed,
		"what the pipeline changes is left alone":  changesAreLeftAlone,
		"a lock on records is a matter of setting": recordsCanBeLocked,
	} {
		t.Run(name, func(t *testing.T) { check(t, shipped) })
	}
}

// assembly is the templates of an app, by stack.
type assembly map[string]template

type template struct {
	Resources map[string]resource
	Outputs   map[string]map[string]any
	text      []byte
}

type resource struct {
	Type                string
	Properties          map[string]any
	Metadata            map[string]any
	DeletionPolicy      string
	UpdateReplacePolicy string
}

// synthesise runs the app as cdk.json does, with more or other context.
func synthesise(t *testing.T, context map[string]any) assembly {
	t.Helper()
	s, app := read(t, context)
	if s.err != nil {
		t.Fatalf("read the settings: %v", s.err)
	}
	if err := build(app, s.settings); err != nil {
		t.Fatalf("build the app: %v", err)
	}
	made := assembly{}
	for _, stack := range *app.Synth(nil).Stacks() {
		text, err := os.ReadFile(*stack.TemplateFullPath())
		if err != nil {
			t.Fatalf("read template: %v", err)
		}
		read := template{text: text}
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatalf("decode template: %v", err)
		}
		made[*stack.Id()] = read
	}
	return made
}

// reading is what came of reading the settings.
type reading struct {
	settings settings
	err      error
}

func read(t *testing.T, context map[string]any) (reading, awscdk.App) {
	t.Helper()
	all := shippedContext(t)
	all["configuration"], all["code"] = filepath.Join("..", "examples", "runningapp", "pilotage.yaml"), filepath.Join("testdata", "lambda")
	for name, value := range context {
		all[name] = value
	}
	app := awscdk.NewApp(&awscdk.AppProps{
		Context: &all, Outdir: jsii.String(t.TempDir()), StackTraces: jsii.Bool(false), TreeMetadata: jsii.Bool(false), AnalyticsReporting: jsii.Bool(false),
	})
	s, err := readSettings(app)
	return reading{s, err}, app
}

// shippedContext is that of cdk.json.
func shippedContext(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "cdk.json"))
	if err != nil {
		t.Fatalf("read cdk.json: %v", err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatalf("decode cdk.json: %v", err)
	}
	file.Context["aws:cdk:enable-path-metadata"], file.Context["aws:cdk:enable-asset-metadata"] = false, false
	return file.Context
}

// of are the resources of a type, by id.
func (t template) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// each calls check for every resource of a type in all stacks, and fails where there is none.
func (a assembly) each(t *testing.T, kind string, check func(t *testing.T, name string, r resource)) {
	t.Helper()
	seen := 0
	for stack, template := range a {
		for id, r := range template.of(kind) {
			seen++
			check(t, stack+"/"+id, r)
		}
	}
	if seen == 0 {
		t.Errorf("there is no %s at all", kind)
	}
}

// at is the value at a path of properties, such as "SSESpecification.SSEEnabled"; nil for none.
func (r resource) at(path string) any { return at(r.Properties, path) }

func at(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			if name != "0" || len(v) == 0 {
				return nil
			}
			value = v[0]
		default:
			return nil
		}
	}
	return value
}

// words are one text or several, as policies have them.
func words(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, plain(item))
		}
		return all
	}
	return []string{plain(value)}
}

// plain writes a value for people, its references in ${}.
func plain(value any) string {
	m, ok := value.(map[string]any)
	if !ok {
		if text, ok := value.(string); ok {
			return text
		}
		text, _ := json.Marshal(value)
		return string(text)
	}
	if ref, ok := m["Ref"].(string); ok {
		return "${" + ref + "}"
	}
	if get, ok := m["Fn::GetAtt"].([]any); ok {
		return "${" + plain(get[0]) + "." + plain(get[1]) + "}"
	}
	if name, ok := m["Fn::ImportValue"].(string); ok {
		return "${" + name + "}"
	}
	if join, ok := m["Fn::Join"].([]any); ok {
		return strings.Join(words(join[1]), plain(join[0]))
	}
	text, _ := json.Marshal(value)
	return string(text)
}

func contains(values []string, value string) bool { return slices.Contains(values, value) }
