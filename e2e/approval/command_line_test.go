package approval_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/world"
)

// program is the built command line, told of the world as a person on call would be.
type program struct {
	waiting
	path string
}

// run runs a command as somebody and returns what it printed and its exit code.
func (p program) run(as string, words ...string) (string, int) {
	p.Helper()
	cmd := exec.CommandContext(p.Context(), p.path, words...)
	cmd.Env = append(os.Environ(),
		"PILOTAGE_COMMAND_URL="+p.CommandURL, "AWS_REGION="+world.Region, "AWS_PROFILE="+as, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=",
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(p.folder, world.Credentials), "AWS_CONFIG_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	)
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		p.Fatal(err)
	}
	// Lines are wrapped; what is looked for is not.
	return strings.Join(strings.Fields(string(out)), " "), cmd.ProcessState.ExitCode()
}

// TestCommandLineAsksAndDecides goes the way of an engineer at a terminal: promote, look, and the
// approvers' decisions by their own AWS identities.
func TestCommandLineAsksAndDecides(t *testing.T) {
	w := waiting{T: t}
	w.World, w.folder = start(t)
	w.verified = w.ship()
	p := program{w, filepath.Join(t.TempDir(), "pilotage")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, "../../cmd/pilotage").CombinedOutput(); err != nil {
		t.Fatalf("build the command line: %v\n%s", err, out)
	}
	out, code := p.run(anna, "promote", p.verified, "production", "--reason", "RUN-112", "--key", "promote-by-anna")
	id := regexp.MustCompile(`started (\S+) as ` + anna).FindStringSubmatch(out)
	if code != 0 || len(id) != 2 || !strings.Contains(out, "promoting by-hand-1 to production, because: RUN-112") {
		t.Fatalf("promote: got %d and\n%s", code, out)
	}
	p.id = id[1]
	if again, code := p.run(anna, "promote", p.verified, "production", "--reason", "RUN-112", "--key", "promote-by-anna"); code != 0 || !strings.Contains(again, id[1]+" as "+anna+" (it was started before") {
		t.Errorf("promote again: got %d and\n%s", code, again)
	}
	p.ballot(clara)
	shown, code := p.run(clara, "show", p.id)
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindAllString(shown, -1)
	if code != 0 || len(digest) == 0 || !strings.Contains(shown, "Your decision is wanted: pilotage approve "+p.id) || !strings.Contains(shown, "Way back") {
		t.Fatalf("show: got %d and\n%s", code, shown)
	}
	plan := p.vote().PlanDigest
	for _, test := range []struct {
		name, as string
		words    []string
		code     int
		want     string
	}{
		{"nobody at the terminal", clara, []string{"approve", p.id}, 2, "give its digest with --plan"},
		{"who asked", anna, []string{"approve", p.id, "--plan", plan}, 3, "was not asked"},
		{"another plan", clara, []string{"approve", p.id, "--plan", "sha256:0"}, 3, "another plan"},
		{"no reason", clara, []string{"reject", p.id, "--plan", plan}, 2, "reject needs reason"},
		{"no deployment", clara, []string{"approve"}, 2, "takes 1 arguments, got 0"},
		{"an unknown one", clara, []string{"approve", "nothing", "--plan", plan}, 2, "knows no deployment"},
		{"no profile of that name", "mallory@example.com", []string{"show", p.id}, 2, "mallory@example.com"},
		{"more time", clara, []string{"delay", p.id, "--plan", plan, "--reason", "in a train"}, 0, "everybody has until"},
		{"the first", clara, []string{"approve", p.id, "--plan", plan}, 0, "others have to agree as well: it takes 2 of 2"},
		{"twice", clara, []string{"approve", p.id, "--plan", plan}, 3, "You decided already"},
	} {
		if out, code := p.run(test.as, test.words...); code != test.code || !strings.Contains(out, test.want) {
			t.Errorf("%s: got %d and\n%s\nwant %d and %q", test.name, code, out, test.code, test.want)
		}
	}
	link, secret := p.ballot(approver)
	if got := p.fetch("POST", link, map[string][]string{"code": {secret}, "decision": {"approve"}, "plan": {plan}}, nil); got.status != 200 {
		t.Errorf("the second, on the page: got %d", got.status)
	}
	if ended := p.end(); ended.Status != asl.StatusSucceeded {
		t.Errorf("got %s: %s %s", ended.Status, ended.Error, ended.Cause)
	}
	if out, code := p.run(ben, "show", p.id); code != 0 || !strings.Contains(out, "succeeded") || !strings.Contains(out, "approved by "+clara+" and "+approver) {
		t.Errorf("show after the end: got %d and\n%s", code, out)
	}
}
