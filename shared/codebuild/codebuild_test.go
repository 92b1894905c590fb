package codebuild_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/codebuild"
)

// failed is a build as a state's cause has it, with fields that nobody here reads.
const failed = `{"Arn":"arn:aws:codebuild:eu-central-1:123456789012:build/pilotage-build:3d1c","Artifacts":{"Location":""},
"BuildComplete":true,"BuildNumber":7,"BuildStatus":"FAILED","Cache":{"Type":"NO_CACHE"},"CurrentPhase":"COMPLETED",
"EndTime":1772366400000,"Environment":{"EnvironmentVariables":[{"Name":"RELEASE_COMMIT","Type":"PLAINTEXT","Value":"x"}]},
"Id":"pilotage-build:3d1c","Initiator":"pilotage-deploy","Logs":{"DeepLink":"https://console.aws.amazon.com/cloudwatch/home#logs",
"GroupName":"/aws/codebuild/pilotage-build","StreamName":"3d1c"},"Phases":[{"DurationInSeconds":0,"PhaseStatus":"SUCCEEDED",
"PhaseType":"SUBMITTED"},{"Contexts":[{"Message":"Error while executing command: go vet ./... . Reason: exit status 1",
"StatusCode":"COMMAND_EXECUTION_ERROR"}],"DurationInSeconds":12,"PhaseStatus":"FAILED","PhaseType":"BUILD"},
{"PhaseType":"COMPLETED"}],"ProjectName":"pilotage-build","StartTime":1772366300000,"TimeoutInMinutes":30}`

func TestExplain(t *testing.T) {
	told := "build pilotage-build:3d1c ended as FAILED in phase BUILD: COMMAND_EXECUTION_ERROR: Error while executing command: " +
		"go vet ./... . Reason: exit status 1; its log: https://console.aws.amazon.com/cloudwatch/home#logs"
	for name, test := range map[string]struct{ err, cause, want string }{
		"a build":             {codebuild.TaskFailed, failed, told},
		"a build, wrapped":    {codebuild.TaskFailed, `{"Build":` + failed + `}`, told},
		"timed out":           {codebuild.TaskFailed, `{"Id":"p:1","BuildStatus":"TIMED_OUT","Phases":[{"PhaseType":"BUILD","PhaseStatus":"TIMED_OUT"}]}`, "build p:1 ended as TIMED_OUT in phase BUILD"},
		"stopped, no phases":  {codebuild.TaskFailed, `{"Id":"p:1","BuildStatus":"STOPPED"}`, "build p:1 ended as STOPPED"},
		"a state timed out":   {codebuild.Timeout, "", "the build took too long and was given up"},
		"not started":         {"CodeBuild.AccountLimitExceededException", "Cannot have more than 0 builds in queue for the account", "the build could not be run: CodeBuild.AccountLimitExceededException: Cannot have more than 0 builds in queue for the account"},
		"no cause":            {"States.Permissions", "", "the build could not be run: States.Permissions"},
		"JSON without build":  {"X", `{"a": 1}`, `the build could not be run: X: {"a": 1}`},
		"a cause that is cut": {"X", `{"Id": "p`, `the build could not be run: X: {"Id": "p`},
	} {
		if got := codebuild.Explain(test.err, test.cause); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	build := codebuild.Build{ID: "p:1", Status: codebuild.Succeeded, Complete: true, Phases: []codebuild.Phase{{Type: "BUILD", Status: codebuild.Succeeded}}}
	text, err := json.Marshal(map[string]any{"Build": build})
	if err != nil {
		t.Fatal(err)
	}
	got, found := codebuild.Read(string(text))
	if !found || got.ID != build.ID || got.Status != build.Status || len(got.Phases) != 1 {
		t.Errorf("got %+v, %v of %s", got, found, text)
	}
}

// FuzzExplain: whatever a cause holds, what people read is one line of text of bounded length.
func FuzzExplain(f *testing.F) {
	f.Add(codebuild.TaskFailed, failed)
	f.Add(codebuild.TaskFailed, `{"Build":`+failed+`}`)
	f.Add(codebuild.Timeout, "")
	f.Add("", strings.Repeat("ü\n", 2000))
	f.Fuzz(func(t *testing.T, name, cause string) {
		if !utf8.ValidString(name) || len(name) > 100 || strings.ContainsAny(name, "\r\n") {
			t.Skip()
		}
		if _, found := codebuild.Read(cause); found {
			return // its lengths are those that CodeBuild gives
		}
		got := codebuild.Explain(name, cause)
		if got == "" || len(got) > 800 || strings.Contains(got, "\n") {
			t.Errorf("got %q", got)
		}
	})
}
