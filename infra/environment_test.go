package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/examples/runningapp/metrics"
	"github.com/pilotage/pilotage/shared/aws/place"
)

// networkIsClosed: users reach the load balancer, it the slots, these and the pipeline the
// database. Nothing else is let in anywhere.
func networkIsClosed(t *testing.T, a assembly) {
	for _, name := range file(t).Names() {
		var got []string
		add := func(into string, r map[string]any) {
			from := plain(r["CidrIp"])
			if r["CidrIp"] == nil {
				from = plain(r["SourceSecurityGroupId"])
			}
			got = append(got, into+" "+plain(r["FromPort"])+" from "+from)
		}
		for id, group := range a[name].of("AWS::EC2::SecurityGroup") {
			list, _ := group.at("SecurityGroupIngress").([]any)
			for _, item := range list {
				add(id, item.(map[string]any))
			}
		}
		for _, r := range a[name].of("AWS::EC2::SecurityGroupIngress") {
			add(strings.TrimSuffix(strings.Trim(plain(r.at("GroupId")), "${}"), ".GroupId"), r.Properties)
		}
		hash := regexp.MustCompile(`[0-9A-F]{8}`)
		for i, line := range got {
			got[i] = hash.ReplaceAllString(line, "")
		}
		slices.Sort(got)
		want := []string{
			"BalancerGroup 80 from 0.0.0.0/0",
			"DatabaseGroup 5432 from ${SlotsGroup.GroupId}",
			"DatabaseGroup 5432 from 10.255.0.0/20",
			"SlotsGroup 8080 from ${BalancerGroup.GroupId}",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s lets in %q, want %q", name, got, want)
		}
		if database := a[name].Resources["Database"]; database.at("PubliclyAccessible") != false {
			t.Errorf("%s has a public database", name)
		}
	}
}

// capacityIsConfigured: the seed document's table, as pilotage.yaml has it.
func capacityIsConfigured(t *testing.T, a assembly) {
	for name, want := range map[string][4]string{"staging": {"1024", "2048", "debug", "30"}, "production": {"2048", "4096", "warn", "15"}} {
		definition := a[name].Resources["Template"]
		container := definition.at("ContainerDefinitions.0")
		var level string
		list, _ := at(container, "Environment").([]any)
		for _, pair := range list {
			if at(pair, "Name") == "LOG_LEVEL" {
				level = plain(at(pair, "Value"))
			}
		}
		got := [4]string{plain(definition.at("Cpu")), plain(definition.at("Memory")), level, plain(a[name].Resources["Blue"].at("HealthCheckIntervalSeconds"))}
		if got != want {
			t.Errorf("%s has CPU, memory, log level and health interval %v, want %v", name, got, want)
		}
		secrets, _ := at(container, "Secrets").([]any)
		if len(secrets) != 3 {
			t.Errorf("%s has %d secrets, want DATABASE_URL, JWT_SECRET and API_KEYS", name, len(secrets))
		}
	}
}

// releasesAreToldWhereToCount: by what the task definition says, and the slot that is added when a
// release is put into one, the example writes the metrics that the place names.
func releasesAreToldWhereToCount(t *testing.T, a assembly) {
	for _, name := range file(t).Names() {
		told := map[string]string{place.VariableSlot: "green"}
		list, _ := a[name].Resources["Template"].at("ContainerDefinitions.0.Environment").([]any)
		for _, pair := range list {
			told[plain(at(pair, "Name"))] = plain(at(pair, "Value"))
		}
		meter, err := metrics.Read(t.Context(), envconfig.MapLookuper(told), metrics.By{})
		if err != nil || meter == nil {
			t.Errorf("%s: got the meter %v and error %v, want one that writes", name, meter, err)
		}
		var at place.Place
		if err := json.Unmarshal([]byte(plain(a[name].Resources["Place"].at("Value"))), &at); err != nil {
			t.Fatalf("decode the place of %s: %v", name, err)
		}
		got := [3]string{told[place.VariableNamespace], told[place.VariableService], told[place.VariableEnvironment]}
		if want := [3]string{at.Metrics.Namespace, "running-app", name}; got != want || at.Metrics.Namespace == "" {
			t.Errorf("%s: got namespace, service and environment %q, want %q", name, got, want)
		}
	}
}

func placesAreComplete(t *testing.T, a assembly) {
	for _, name := range file(t).Names() {
		parameter := a[name].Resources["Place"]
		if got, want := plain(parameter.at("Name")), place.PlaceParameter(place.DefaultRoot, "running-app", name); got != want {
			t.Errorf("the place of %s is at %s, want %s", name, got, want)
		}
		var at place.Place
		if err := json.Unmarshal([]byte(plain(parameter.at("Value"))), &at); err != nil {
			t.Fatalf("decode the place of %s: %v", name, err)
		}
		if err := at.Check(); err != nil {
			t.Errorf("the place of %s: %v", name, err)
		}
		for id, rule := range a[name].of("AWS::ElasticLoadBalancingV2::ListenerRule") {
			if plain(rule.at("Priority")) == "20" {
				t.Errorf("%s of %s takes the priority of the maintenance rule", id, name)
			}
		}
	}
}

func settingsAreConfigured(t *testing.T, a assembly) {
	shipped := file(t)
	for _, name := range shipped.Names() {
		var got place.Settings
		if err := json.Unmarshal([]byte(plain(a["Pipeline"].Resources["Settings"+name].at("Value"))), &got); err != nil {
			t.Fatalf("decode the settings of %s: %v", name, err)
		}
		want, err := json.Marshal(shipped.Environments[name])
		if err != nil {
			t.Fatal(err)
		}
		read, err := json.Marshal(got.Environment)
		if err != nil {
			t.Fatal(err)
		}
		if string(read) != string(want) || got.Service != shipped.Service || got.Repository != shipped.Repository || got.Name != name {
			t.Errorf("the settings of %s are %+v", name, got)
		}
	}
}

func subscriptionsAreOwn(t *testing.T, a assembly) {
	told := map[string]bool{}
	a.each(t, "AWS::SNS::Subscription", func(t *testing.T, name string, r resource) {
		address := plain(r.at("Endpoint"))
		if topic := plain(r.at("TopicArn")); topic != "${Alarms}" {
			told[address] = true
			if got := words(r.at("FilterPolicy.recipient")); !slices.Equal(got, []string{strings.ToLower(address)}) {
				t.Errorf("%s gets the mails of %v", address, got)
			}
		}
	})
	for _, environment := range file(t).Environments {
		for _, address := range slices.Concat(environment.Notify.Team, environment.Notify.OnCall, environment.Approval.Approvers) {
			if !told[address] {
				t.Errorf("%s is told nothing", address)
			}
		}
	}
}

// everybodyIsTold: who is in a group only is asked to approve, and who may ask for a deployment is told
// that it was refused or is delayed. One address that is written in two ways is told once.
func everybodyIsTold(t *testing.T, _ assembly) {
	text, err := os.ReadFile(filepath.Join("..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const required, people = "    approval:\n      required: true\n", "    people: &people\n"
	changed := strings.NewReplacer(
		required, required+"      groups: [{name: security, members: [dora@example.com, Anna@Running-App.example.com], quorum: 1}]\n",
		people, people+"      - {mail: erik@example.com, github: erik}\n",
	).Replace(string(text))
	path := filepath.Join(t.TempDir(), "pilotage.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	subscribed := map[string]int{}
	for _, r := range synthesise(t, map[string]any{"configuration": path})["Pipeline"].of("AWS::SNS::Subscription") {
		if plain(r.at("TopicArn")) == "${Notices}" {
			subscribed[strings.ToLower(plain(r.at("Endpoint")))]++
		}
	}
	for _, address := range []string{"dora@example.com", "erik@example.com", "anna@running-app.example.com"} {
		if subscribed[address] != 1 {
			t.Errorf("%s has %d subscriptions, want one", address, subscribed[address])
		}
	}
}

func alarmsTell(t *testing.T, a assembly) {
	a.each(t, "AWS::CloudWatch::Alarm", func(t *testing.T, name string, r resource) {
		actions, _ := r.at("AlarmActions").([]any)
		if len(actions) == 0 || r.at("AlarmDescription") == nil || r.at("TreatMissingData") != "notBreaching" {
			t.Errorf("%s tells nobody, or does not say what it means", name)
		}
	})
}

// changesAreLeftAlone: the pipeline changes services and the weights of the users' rule. Nothing
// that is configured may change their text, or a deployment of the stack would put back what the
// pipeline has done: an outage.
func changesAreLeftAlone(t *testing.T, a assembly) {
	text, err := os.ReadFile(filepath.Join("..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(
		"cpuMillis: 1000", "cpuMillis: 4000", "memoryMiB: 2048", "memoryMiB: 8192", "replicas: 2", "replicas: 7", "logLevel: debug", "logLevel: info",
		"path: /health/readiness", "path: /ready", "intervalSeconds: 30", "intervalSeconds: 60", "url: https://staging.", "url: https://other.",
		"settleSeconds: 300", "settleSeconds: 301",
	).Replace(string(text))
	path := filepath.Join(t.TempDir(), "pilotage.yaml")
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after := a["staging"], synthesise(t, map[string]any{"configuration": path})["staging"]
	if plain(before.Resources["Template"].at("Cpu")) == plain(after.Resources["Template"].at("Cpu")) {
		t.Error("nothing was changed")
	}
	for _, id := range []string{"BlueSlot", "GreenSlot", "Users", "BlueByHeader", "GreenByHeader", "Listener"} {
		got, want := plain(after.Resources[id].Properties), plain(before.Resources[id].Properties)
		if got != want || want == "null" {
			t.Errorf("%s changes with pilotage.yaml: from %s to %s", id, want, got)
		}
	}
	// The services name a task definition; a new revision of it would change them too.
	var used []string
	for id := range maps.Keys(before.of("AWS::ECS::Service")) {
		used = append(used, strings.Trim(plain(before.Resources[id].at("TaskDefinition")), "${}"))
	}
	for _, id := range used {
		if got, want := plain(after.Resources[id].Properties), plain(before.Resources[id].Properties); got != want {
			t.Errorf("task definition %s, which services name, changes with pilotage.yaml:\n%s\n%s", id, want, got)
		}
	}
}
