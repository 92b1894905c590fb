package secretsmanager

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

type fake struct {
	value *string
	fail  error
}

func (f fake) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return &secretsmanager.GetSecretValueOutput{SecretString: f.value}, f.fail
}

func secret(value string) Secret {
	return Secret{api: fake{value: &value}, id: "webhook", setting: "PILOTAGE_WEBHOOK_SECRET_ARN"}
}

func TestWebhookSecretsAreOneOrTwo(t *testing.T) {
	const one, two = "0123456789abcdef", "fedcba9876543210"
	for value, want := range map[string]int{
		one: 1, one + "\n": 1, `["` + one + `"]`: 1, `["` + one + `","` + two + `"]`: 2,
		"": 0, "short": 0, "[]": 0, "[1]": 0, `["` + one + `","short"]`: 0, `["` + one + `","` + one + `","` + two + `"]`: 0,
	} {
		got, err := secret(value).WebhookSecrets(t.Context())
		if len(got) != want || (want == 0) != fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %d secrets and error %v, want %d", value, len(got), err, want)
		}
		if err != nil && (strings.Contains(err.Error(), one) || !strings.Contains(err.Error(), "PILOTAGE_WEBHOOK_SECRET_ARN")) {
			t.Errorf("%q: the error shows the secret or not the setting: %v", value, err)
		}
	}
}

func TestKeyIsLongEnough(t *testing.T) {
	if got, err := secret(strings.Repeat("k", 32)).Key(t.Context()); err != nil || len(got) != 32 {
		t.Errorf("got %d bytes and error %v", len(got), err)
	}
	if _, err := secret(strings.Repeat("k", 31)).Key(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("got error %v, want one of class Invalid", err)
	}
}

func TestTokenMayBeNone(t *testing.T) {
	const token = "github_pat_11ABCDEFG0123456789_abc"
	for value, want := range map[string]string{
		token: token, " " + token + "\n": token, `{"token": "` + token + `", "placeholder": "x"}`: token,
		"": "", "\n": "", "none": "", "Placeholder": "", "-": "", `{"token": ""}`: "", `{"placeholder": "x7Hq"}`: "", `{}`: "",
	} {
		if got, err := secret(value).Token(t.Context()); err != nil || got != want {
			t.Errorf("%q: got %q and error %v, want %q", value, got, err, want)
		}
	}
	for _, value := range []string{token + " " + token, token + "\r\nX-Header: 1", `{"token": 1}`, `{"token": "` + token, strings.Repeat("t", 1001), "tökén-" + token} {
		got, err := secret(value).Token(t.Context())
		if got != "" || !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), token) || !strings.Contains(err.Error(), "PILOTAGE_WEBHOOK_SECRET_ARN") {
			t.Errorf("%q: got %q and error %v, want one of class Invalid without the value", value, got, err)
		}
	}
}

func TestSecretClassifies(t *testing.T) {
	for code, want := range map[string]fault.Class{"ThrottlingException": fault.Transient, "ResourceNotFoundException": fault.Invalid, "AccessDeniedException": fault.Invalid, "DecryptionFailure": fault.Invalid} {
		_, err := Secret{api: fake{fail: &smithy.GenericAPIError{Code: code}}}.Key(t.Context())
		if !fault.Is(err, want) {
			t.Errorf("%s: got error %v, want one of class %s", code, err, want)
		}
	}
	if _, err := (Secret{api: fake{}}).Key(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("binary: got error %v", err)
	}
}

type at place.Database

func (a at) OfDatabase(context.Context, string) (deploy.Scope, place.Place, error) {
	return deploy.Scope{Service: "shop"}, place.Place{Database: place.Database(a), Parameter: "/pilotage/shop/staging/place"}, nil
}

func TestConnectionsMakeADSN(t *testing.T) {
	const whole = `{"username":"shop","password":"p@ss/w:rd","host":"db.example.com","port":5433,"dbname":"shop","engine":"postgres"}`
	for name, test := range map[string]struct {
		secret, authority string
		place             place.Database
		want              string
	}{
		"all in the secret": {whole, "", place.Database{}, "postgres://shop:p%40ss%2Fw%3Ard@db.example.com:5433/shop?sslmode=require"},
		"a port as text":    {strings.Replace(whole, "5433", `"5433"`, 1), "", place.Database{}, "postgres://shop:p%40ss%2Fw%3Ard@db.example.com:5433/shop?sslmode=require"},
		"managed by RDS":    {`{"username":"u","password":"p"}`, "", place.Database{Host: "h", Name: "n"}, "postgres://u:p@h:5432/n?sslmode=require"},
		"the place first":   {whole, "", place.Database{Host: "h", Port: 6000, Name: "n"}, "postgres://shop:p%40ss%2Fw%3Ard@h:6000/n?sslmode=require"},
		"verified":          {`{"username":"u","password":"p"}`, "/var/task/rds.pem", place.Database{Host: "h", Name: "n"}, "postgres://u:p@h:5432/n?sslmode=verify-full&sslrootcert=%2Fvar%2Ftask%2Frds.pem"},
		"no host":           {`{"username":"u","password":"hunter2"}`, "", place.Database{}, ""},
		"no password":       {`{"username":"u"}`, "", place.Database{Host: "h", Name: "n"}, ""},
		"no JSON":           {`hunter2`, "", place.Database{}, ""},
	} {
		c := Connections{api: fake{value: &test.secret}, places: at(test.place), authority: test.authority}
		got, err := c.Database(t.Context(), "shop")
		if got.DSN != test.want || (test.want == "") != fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %q and error %v, want %q", name, got.DSN, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

func TestSecretsOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	name, value := awstest.Name("key"), strings.Repeat("k", 40)
	if _, err := secretsmanager.NewFromConfig(cfg).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: &value}); err != nil {
		t.Fatal(err)
	}
	if got, err := New(cfg, name, "S").Key(t.Context()); err != nil || string(got) != value {
		t.Errorf("got %q and error %v", got, err)
	}
	if _, err := New(cfg, name+"0", "S").Key(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("no such secret: got error %v, want one of class Invalid", err)
	}
}
