package codepipeline

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/pipelines"
)

const (
	job    = "c0d76431-b0e7-4a3c-97e3-e8ee786eb6f6"
	first  = "e0c7a1d32308ca3071aa7bab414de234ab52eeaa"
	second = "0123456789abcdef0123456789abcdef01234567"
)

// fake keeps what it was told, and fails as planned.
type fake struct {
	fail      error
	revisions []string
	none      bool
	success   *codepipeline.PutJobSuccessResultInput
	failure   *codepipeline.PutJobFailureResultInput
}

func (f *fake) GetPipelineExecution(context.Context, *codepipeline.GetPipelineExecutionInput, ...func(*codepipeline.Options)) (*codepipeline.GetPipelineExecutionOutput, error) {
	if f.none {
		return &codepipeline.GetPipelineExecutionOutput{}, f.fail
	}
	execution := &types.PipelineExecution{}
	for _, revision := range f.revisions {
		execution.ArtifactRevisions = append(execution.ArtifactRevisions, types.ArtifactRevision{RevisionId: aws.String(revision)})
	}
	execution.ArtifactRevisions = append(execution.ArtifactRevisions, types.ArtifactRevision{})
	return &codepipeline.GetPipelineExecutionOutput{PipelineExecution: execution}, f.fail
}

func (f *fake) GetJobDetails(context.Context, *codepipeline.GetJobDetailsInput, ...func(*codepipeline.Options)) (*codepipeline.GetJobDetailsOutput, error) {
	return &codepipeline.GetJobDetailsOutput{}, f.fail
}

func (f *fake) PutJobSuccessResult(_ context.Context, input *codepipeline.PutJobSuccessResultInput, _ ...func(*codepipeline.Options)) (*codepipeline.PutJobSuccessResultOutput, error) {
	f.success = input
	return &codepipeline.PutJobSuccessResultOutput{}, f.fail
}

func (f *fake) PutJobFailureResult(_ context.Context, input *codepipeline.PutJobFailureResultInput, _ ...func(*codepipeline.Options)) (*codepipeline.PutJobFailureResultOutput, error) {
	f.failure = input
	return &codepipeline.PutJobFailureResultOutput{}, f.fail
}

func TestCommitsAreThoseOfTheSourcesEachOnce(t *testing.T) {
	for name, test := range map[string]struct{ revisions, want []string }{
		"none":                  {nil, nil},
		"one":                   {[]string{first}, []string{first}},
		"one in capitals":       {[]string{strings.ToUpper(first)}, []string{first}},
		"two":                   {[]string{first, second}, []string{first, second}},
		"the same twice":        {[]string{first, first}, []string{first}},
		"a version of a bucket": {[]string{"3L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo", first}, []string{first}},
		"nearly a commit":       {[]string{first[1:], first + "0", "g" + first[1:]}, nil},
	} {
		got, err := Service{&fake{revisions: test.revisions}}.Commits(t.Context(), "build", "e1")
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q and error %v, want %q", name, got, err, test.want)
		}
	}
	if _, err := (Service{&fake{none: true}}).Commits(t.Context(), "build", "e1"); !fault.Is(err, fault.Transient) {
		t.Errorf("an empty answer: got error %v, want one of class Transient", err)
	}
}

func TestCallsClassify(t *testing.T) {
	calls := map[string]func(Service) error{
		"Commits": func(s Service) error { _, err := s.Commits(t.Context(), "build", "e1"); return err },
		"Origin":  func(s Service) error { _, err := s.Origin(t.Context(), job); return err },
		"Continue": func(s Service) error {
			return s.Continue(t.Context(), job, "d1", pipelines.State{Deployment: "d1"})
		},
		"Succeed": func(s Service) error { return s.Succeed(t.Context(), job, pipelines.State{Deployment: "d1"}) },
		"Fail":    func(s Service) error { return s.Fail(t.Context(), job, pipelines.Failure{Message: "m"}) },
	}
	for code, want := range map[string]fault.Class{
		"ThrottlingException": fault.Transient, "AccessDeniedException": fault.Invalid, "PipelineExecutionNotFoundException": fault.Invalid,
		"PipelineNotFoundException": fault.Invalid, "ValidationException": fault.Internal,
	} {
		for name, call := range calls {
			if err := call(Service{&fake{fail: &smithy.GenericAPIError{Code: code}}}); !fault.Is(err, want) || errors.Is(err, pipelines.ErrNotWaiting) {
				t.Errorf("%s, %s: got error %v, want one of class %s", name, code, err, want)
			}
		}
	}
	for _, code := range []string{"InvalidJobStateException", "JobNotFoundException"} {
		for name, call := range calls {
			err := call(Service{&fake{fail: &smithy.GenericAPIError{Code: code}}})
			if errors.Is(err, pipelines.ErrNotWaiting) != (name != "Commits") {
				t.Errorf("%s, %s: got error %v", name, code, err)
			}
		}
	}
}

func TestAnswersAreCutToWhatIsTaken(t *testing.T) {
	long := strings.Repeat("é", maxMessage)
	f := &fake{}
	if err := (Service{f}).Fail(t.Context(), job, pipelines.Failure{Kind: pipelines.JobFailed, Message: long}); err != nil {
		t.Fatal(err)
	}
	if got := *f.failure.FailureDetails.Message; len(got) > maxMessage || !utf8.ValidString(got) || f.failure.FailureDetails.ExternalExecutionId != nil {
		t.Errorf("got a message of %d bytes, and id %v", len(got), f.failure.FailureDetails.ExternalExecutionId)
	}
	if err := (Service{f}).Continue(t.Context(), job, "d1", pipelines.State{Summary: long}); err != nil {
		t.Fatal(err)
	}
	if got := *f.success.ExecutionDetails.Summary; len(got) > maxSummary || !utf8.ValidString(got) {
		t.Errorf("got a summary of %d bytes", len(got))
	}
}

// wire is CodePipeline's protocol, as much of it as is used: it answers targets with JSON, and
// keeps what was asked.
type wire struct {
	answers map[string]string
	asked   []string
}

func (w *wire) ServeHTTP(to http.ResponseWriter, request *http.Request) {
	var body any
	_, target, _ := strings.Cut(request.Header.Get("X-Amz-Target"), "CodePipeline_20150709.")
	if json.NewDecoder(request.Body).Decode(&body) != nil || request.Method != http.MethodPost || !strings.Contains(request.Header.Get("Authorization"), "/us-east-1/codepipeline/aws4_request") {
		http.Error(to, "not a request of CodePipeline", http.StatusTeapot)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(to, err.Error(), http.StatusTeapot)
		return
	}
	w.asked = append(w.asked, target+" "+string(text))
	to.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer := w.answers[target]
	if strings.Contains(answer, "__type") {
		to.WriteHeader(http.StatusBadRequest)
	}
	_, _ = to.Write([]byte(answer))
}

func (w *wire) open(t *testing.T) Service {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return New(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: &http.Client{Timeout: 10 * time.Second}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	})
}

// TestServiceOverTheWire speaks CodePipeline's protocol with a server of its own: the emulator
// that the other adapters are tested with knows pipelines, and neither executions nor jobs.
func TestServiceOverTheWire(t *testing.T) {
	server := &wire{answers: map[string]string{
		"GetPipelineExecution": `{"pipelineExecution":{"pipelineName":"build","pipelineExecutionId":"e1","status":"Succeeded","artifactRevisions":[
			{"name":"Source","revisionId":"` + first + `","revisionSummary":"Greet","created":1575493418.5,"revisionUrl":"https://example.com"}]}}`,
		"GetJobDetails": `{"jobDetails":{"id":"` + job + `","accountId":"123456789012","data":{"pipelineContext":{"pipelineName":"build",
			"stage":{"name":"Deploy"},"action":{"name":"Staging","actionExecutionId":"a1"},"pipelineExecutionId":"e1"}}}}`,
		"PutJobSuccessResult": `{}`, "PutJobFailureResult": `{}`,
	}}
	s := server.open(t)
	commits, err := s.Commits(t.Context(), "build", "e1")
	if err != nil || !slices.Equal(commits, []string{first}) {
		t.Errorf("got %q and error %v", commits, err)
	}
	origin, err := s.Origin(t.Context(), job)
	if want := (pipelines.Origin{Pipeline: "build", Stage: "Deploy", Action: "Staging", Execution: "e1"}); err != nil || origin != want {
		t.Errorf("got %+v and error %v, want %+v", origin, err, want)
	}
	for _, err := range []error{
		s.Continue(t.Context(), job, "d1", pipelines.State{Deployment: "d1", Summary: "it goes on"}),
		s.Succeed(t.Context(), job, pipelines.State{Deployment: "d1", Summary: "it is live"}),
		s.Fail(t.Context(), job, pipelines.Failure{Kind: pipelines.ConfigurationError, Message: "no such environment"}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{
		`GetPipelineExecution {"pipelineExecutionId":"e1","pipelineName":"build"}`,
		`GetJobDetails {"jobId":"` + job + `"}`,
		`PutJobSuccessResult {"continuationToken":"d1","executionDetails":{"externalExecutionId":"d1","summary":"it goes on"},"jobId":"` + job + `"}`,
		`PutJobSuccessResult {"executionDetails":{"externalExecutionId":"d1","summary":"it is live"},"jobId":"` + job + `","outputVariables":{"Deployment":"d1"}}`,
		`PutJobFailureResult {"failureDetails":{"message":"no such environment","type":"ConfigurationError"},"jobId":"` + job + `"}`,
	}
	if !slices.Equal(server.asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(server.asked, "\n"), strings.Join(want, "\n"))
	}
	for target, code := range map[string]string{"PutJobSuccessResult": "InvalidJobStateException", "PutJobFailureResult": "JobNotFoundException"} {
		server.answers[target] = `{"__type":"` + code + `","message":"The job is not in progress."}`
	}
	for _, err := range []error{s.Succeed(t.Context(), job, pipelines.State{Deployment: "d1"}), s.Fail(t.Context(), job, pipelines.Failure{Kind: pipelines.JobFailed, Message: "m"})} {
		if !errors.Is(err, pipelines.ErrNotWaiting) {
			t.Errorf("got error %v, want that nobody waits", err)
		}
	}
}
