package sigv4

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// vanilla is the request "post-vanilla" of the test suite that AWS publishes for Signature
// Version 4, with the signature that the suite gives for it.
func vanilla() *http.Request {
	request := httptest.NewRequest(http.MethodPost, "https://example.amazonaws.com/", nil)
	request.Header.Set("X-Amz-Date", "20150830T123600Z")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "+
		"Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
	return request
}

func verifier() Verifier {
	return Verifier{
		Identities: map[string]Identity{"AKIDEXAMPLE": {Arn: "arn:aws:iam::111122223333:user/anna", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}},
		Service:    "service", Region: "us-east-1",
		Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) },
	}
}

func TestVerifiesThePublishedExample(t *testing.T) {
	arn, err := verifier().Verify(vanilla(), nil)
	if err != nil || arn != "arn:aws:iam::111122223333:user/anna" {
		t.Errorf("got %q and error %v", arn, err)
	}
}

func TestRefusesWhatIsNotSignedSo(t *testing.T) {
	replace := func(old, new string) func(*http.Request, *Verifier) {
		return func(r *http.Request, _ *Verifier) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	for name, test := range map[string]struct {
		change func(*http.Request, *Verifier)
		body   string
		want   error
	}{
		"no signature":      {func(r *http.Request, _ *Verifier) { r.Header.Del("Authorization") }, "", ErrUnsigned},
		"another algorithm": {replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), "", ErrUnsigned},
		"no date":           {func(r *http.Request, _ *Verifier) { r.Header.Del("X-Amz-Date") }, "", ErrUnsigned},
		"the host unsigned": {replace("host;x-amz-date", "x-amz-date"), "", ErrUnsigned},
		"an unknown key":    {replace("AKIDEXAMPLE", "AKIDOTHER"), "", ErrUnknown},
		"another region":    {replace("us-east-1", "eu-west-1"), "", ErrScope},
		"another service":   {func(_ *http.Request, v *Verifier) { v.Service = "lambda" }, "", ErrScope},
		"another date":      {replace("20150830", "20150829"), "", ErrScope},
		"another signature": {replace("Signature=5", "Signature=6"), "", ErrMismatch},
		"no hex":            {replace("Signature=5", "Signature=x"), "", ErrMismatch},
		"another body":      {func(*http.Request, *Verifier) {}, "more", ErrMismatch},
		"another path":      {func(r *http.Request, _ *Verifier) { r.URL.Path = "/other" }, "", ErrMismatch},
		"another query":     {func(r *http.Request, _ *Verifier) { r.URL.RawQuery = "a=b" }, "", ErrMismatch},
		"another method":    {func(r *http.Request, _ *Verifier) { r.Method = http.MethodGet }, "", ErrMismatch},
		"another host":      {func(r *http.Request, _ *Verifier) { r.Host = "evil.example" }, "", ErrMismatch},
		"another time":      {func(r *http.Request, _ *Verifier) { r.Header.Set("X-Amz-Date", "20150830T123601Z") }, "", ErrMismatch},
		"another secret": {func(_ *http.Request, v *Verifier) {
			v.Identities = map[string]Identity{"AKIDEXAMPLE": {Arn: "a", Secret: "s"}}
		}, "", ErrMismatch},
		"replayed too late": {func(_ *http.Request, v *Verifier) {
			v.Now = func() time.Time { return time.Date(2015, 8, 30, 12, 41, 1, 0, time.UTC) }
		}, "", ErrStale},
		"signed for later": {func(_ *http.Request, v *Verifier) {
			v.Now = func() time.Time { return time.Date(2015, 8, 30, 12, 30, 59, 0, time.UTC) }
		}, "", ErrStale},
		"nothing in it": {func(r *http.Request, _ *Verifier) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 ") }, "", ErrUnsigned},
	} {
		t.Run(name, func(t *testing.T) {
			request, v := vanilla(), verifier()
			test.change(request, &v)
			if arn, err := v.Verify(request, []byte(test.body)); !errors.Is(err, test.want) || arn != "" {
				t.Errorf("got %q and error %v, want %v", arn, err, test.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(vanilla().Header.Get("Authorization"), "20150830T123600Z")
	f.Add("AWS4-HMAC-SHA256 Credential=/, SignedHeaders=host;x-amz-date;;, Signature=", "x")
	f.Fuzz(func(t *testing.T, authorization, date string) {
		request := vanilla()
		request.Header.Set("Authorization", authorization)
		request.Header.Set("X-Amz-Date", date)
		arn, err := verifier().Verify(request, nil)
		if genuine := strings.Contains(authorization, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"); err == nil && !genuine {
			t.Errorf("%q was taken for a signature of %s", authorization, arn)
		}
	})
}
