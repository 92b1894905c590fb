package lambdaurl_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pilotage/pilotage/shared/aws/lambdaurl"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/fault"
)

func deployment() commands.Command {
	return commands.Command{Verb: commands.Deploy, Environment: "staging", Release: "1.1.0", Reason: "OPS-1", Key: "key-00001"}
}

// TestAnswers: of each answer, what it is and what to do. Where it is not known whether something was
// started, the key says how to ask again.
func TestAnswers(t *testing.T) {
	again := "; send it again with --key key-00001, so that nothing is started twice"
	for name, test := range map[string]struct {
		status int
		body   string
		class  fault.Class
		want   string
	}{
		"it is done":                  {200, `{"deployment":"d1","as":"ada@example.com"}`, "", ""},
		"the pipeline refuses":        {409, `{"class":"Pilotage.Rejected","message":"staging has not verified it"}`, fault.Rejected, "staging has not verified it"},
		"the pipeline cannot now":     {503, `{"class":"Pilotage.Transient","message":"the ledger is throttled"}`, fault.Transient, "the ledger is throttled" + again},
		"AWS refuses":                 {403, `{"Message":"Forbidden"}`, fault.Denied, "lambda:InvokeFunctionUrl"},
		"there is no such function":   {404, "", fault.Invalid, "no function at this URL"},
		"the function failed":         {502, "Internal Server Error", fault.Transient, "the pipeline answered 502: Internal Server Error; its log group /aws/lambda/pilotage-Command says more" + again},
		"too many at once":            {429, `{"Reason":"ConcurrentInvocationLimitExceeded"}`, fault.Transient, again},
		"an answer that is no answer": {200, "<html>", fault.Transient, "the pipeline answered 200"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/lambda/aws4_request") {
					t.Errorf("it is signed as %q", r.Header.Get("Authorization"))
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			defer server.Close()
			answer, err := client(t, server.URL).Send(t.Context(), deployment())
			if test.class == "" {
				if err != nil || answer.Deployment != "d1" {
					t.Errorf("got %+v and error %v", answer, err)
				}
				return
			}
			if !fault.Is(err, test.class) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %s: %v, want %s and %q", fault.Of(err), err, test.class, test.want)
			}
		})
	}
}

func TestNoAnswerSaysHowToAskAgain(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	_, err := client(t, server.URL).Send(t.Context(), deployment())
	if !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "--key key-00001") {
		t.Errorf("got %v", err)
	}
	_, err = client(t, server.URL).Send(t.Context(), commands.Command{Verb: commands.Show, Deployment: "d1"})
	if !fault.Is(err, fault.Transient) || strings.Contains(err.Error(), "--key") || !strings.Contains(err.Error(), "send it again") {
		t.Errorf("show: got %v", err)
	}
}

func TestCredentialsGoOverTLSOnly(t *testing.T) {
	for address, want := range map[string]string{
		"http://abc.lambda-url.eu-central-1.on.aws/": "is no https URL", "pilotage": "is no URL", "": "is no URL",
	} {
		if _, err := lambdaurl.NewLocal(address, "eu-central-1", "id", "secret", time.Now); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", address, err)
		}
	}
	if _, err := lambdaurl.New(aws.Config{Region: "eu-central-1"}, "https://abc.lambda-url.eu-central-1.on.aws/", time.Now); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "AWS_PROFILE") {
		t.Errorf("no credentials: got %v", err)
	}
}

func client(t *testing.T, url string) lambdaurl.Client {
	t.Helper()
	made, err := lambdaurl.NewLocal(url, "eu-central-1", "id", "secret", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
