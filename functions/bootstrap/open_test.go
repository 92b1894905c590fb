package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
)

// complete has every setting that any function requires.
func complete() map[string]string {
	return map[string]string{
		"AWS_REGION": "us-east-1", "PILOTAGE_LEDGER_TABLE": "ledger", "PILOTAGE_BUCKET": "bucket",
		"PILOTAGE_NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices", "PILOTAGE_PAGES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:pages",
		"PILOTAGE_WEBHOOK_SECRET_ARN": "webhook", "PILOTAGE_BUS_NAME": "bus",
		"PILOTAGE_DEPLOY_MACHINE_ARN": "deploy", "PILOTAGE_ROLLBACK_MACHINE_ARN": "rollback",
	}
}

func TestOpenMakesEveryFunction(t *testing.T) {
	for name := range needs() {
		if name == "Ask" {
			// It reads its key, which takes AWS.
			continue
		}
		handler, err := open(t.Context(), name, settings{envconfig.MapLookuper(complete())}, clock.System{})
		if err != nil || handler == nil {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestOpenNamesEverySettingThatIsMissing(t *testing.T) {
	for name, want := range map[string][]string{
		"Lock":        {"PILOTAGE_LEDGER_TABLE"},
		"Validate":    {"PILOTAGE_LEDGER_TABLE", "PILOTAGE_BUCKET"},
		"Ask":         {"PILOTAGE_LEDGER_TABLE", "PILOTAGE_NOTICES_TOPIC_ARN", "PILOTAGE_PAGES_TOPIC_ARN", "PILOTAGE_BUCKET", "PILOTAGE_APPROVAL_URL", "PILOTAGE_APPROVAL_SECRET_ARN"},
		"Webhook":     {"PILOTAGE_BUS_NAME", "PILOTAGE_WEBHOOK_SECRET_ARN"},
		"Intake":      {"PILOTAGE_LEDGER_TABLE", "PILOTAGE_DEPLOY_MACHINE_ARN"},
		"PipelineJob": {"PILOTAGE_LEDGER_TABLE", "PILOTAGE_DEPLOY_MACHINE_ARN"},
		"Report":      {"PILOTAGE_LEDGER_TABLE"},
		"Watchdog":    {"PILOTAGE_LEDGER_TABLE", "PILOTAGE_ROLLBACK_MACHINE_ARN"},
	} {
		// An empty variable is a missing one.
		_, err := open(t.Context(), name, settings{envconfig.MapLookuper(map[string]string{"PILOTAGE_LEDGER_TABLE": ""})}, clock.System{})
		if !fault.Is(err, fault.Invalid) {
			t.Fatalf("%s: got error %v, want one of class Invalid", name, err)
		}
		for _, setting := range append(want, "AWS_REGION") {
			if !strings.Contains(err.Error(), setting) {
				t.Errorf("%s: got error %q, which does not name %s", name, err, setting)
			}
		}
	}
}

// TestTokenOfGitHubIsOptional: without it nobody listens; with it, it is read for each event.
func TestTokenOfGitHubIsOptional(t *testing.T) {
	for arn, want := range map[string]bool{"": false, "arn:aws:secretsmanager:us-east-1:123456789012:secret:token": true} {
		w := &worker{github: githubConfig{TokenArn: arn}}
		if _, none := w.tell().Tokens.(github.NoToken); none == want {
			t.Errorf("%q: got no token: %v", arn, none)
		}
	}
}

func TestOpenReadsOnlyWhatTheFunctionNeeds(t *testing.T) {
	asked := map[string]bool{}
	lookuper := recorder{envconfig.MapLookuper(complete()), asked}
	if _, err := open(t.Context(), "Lock", settings{lookuper}, clock.System{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"AWS_REGION", "PILOTAGE_LEASE_SECONDS", "PILOTAGE_LEDGER_TABLE"}
	if got := slices.Sorted(maps.Keys(asked)); !slices.Equal(got, want) {
		t.Errorf("Lock asked for %q, want %q", got, want)
	}
}

type recorder struct {
	envconfig.Lookuper
	asked map[string]bool
}

func (r recorder) Lookup(name string) (string, bool) {
	r.asked[name] = true
	return r.Lookuper.Lookup(name)
}

func TestOpenRefusesWhatIsNoNumber(t *testing.T) {
	values := complete()
	values["PILOTAGE_LEASE_SECONDS"] = "soon"
	_, err := open(t.Context(), "Lock", settings{envconfig.MapLookuper(values)}, clock.System{})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "LeaseSeconds") {
		t.Errorf("got error %v, want one of class Invalid that names the field", err)
	}
}
