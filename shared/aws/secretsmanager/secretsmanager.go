// Package secretsmanager reads secrets: those that sign webhooks, the one that keys ballots,
// the token of GitHub, and those by which databases are reached. Values never get into errors or logs.
package secretsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/fault"
)

// api is the calls that are made.
type api interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Secret is one secret by its name or ARN. It is safe for concurrent use, and reads the
// secret's current value each time.
type Secret struct {
	api     api
	id      string
	setting string
}

// New is the secret of an id, which was configured in a setting. It makes no call.
func New(cfg aws.Config, id, setting string) Secret {
	return Secret{api: secretsmanager.NewFromConfig(cfg), id: id, setting: setting}
}

// leastBytes is how short a secret may be, and mostSecrets how many webhooks have at once: the
// new one and the one that is being replaced.
const (
	leastWebhook = 16
	leastKey     = 32
	mostSecrets  = 2
)

// Key is a key of at least 32 bytes: the secret's whole text. A shorter one is fault.Invalid.
func (s Secret) Key(ctx context.Context) ([]byte, error) {
	value, err := s.value(ctx)
	if err != nil {
		return nil, err
	}
	key := []byte(strings.TrimSpace(value))
	if len(key) < leastKey {
		return nil, fault.New(fault.Invalid, "read secret %q: it has %d bytes, less than %d; put a longer one, see %s", s.id, len(key), leastKey, s.setting)
	}
	return key, nil
}

// WebhookSecrets are the secrets that sign webhooks: the secret's text is one of them, or a JSON
// list of two while one is being replaced. Secrets Manager's own previous version is not
// looked at: it stays until the next rotation, so that a secret which leaked would count on.
// Less than 16 bytes, or more than two, is fault.Invalid.
func (s Secret) WebhookSecrets(ctx context.Context) ([][]byte, error) {
	value, err := s.value(ctx)
	if err != nil {
		return nil, err
	}
	texts := []string{strings.TrimSpace(value)}
	if strings.HasPrefix(texts[0], "[") {
		texts = nil
		if json.Unmarshal([]byte(value), &texts) != nil {
			return nil, fault.New(fault.Invalid, "read secret %q: it begins like a JSON list of texts and is none; see %s", s.id, s.setting)
		}
	}
	if len(texts) < 1 || len(texts) > mostSecrets {
		return nil, fault.New(fault.Invalid, "read secret %q: it lists %d secrets, not 1 or %d; see %s", s.id, len(texts), mostSecrets, s.setting)
	}
	secrets := make([][]byte, len(texts))
	for i, text := range texts {
		if len(text) < leastWebhook {
			return nil, fault.New(fault.Invalid, "read secret %q: one has %d bytes, less than %d; see %s", s.id, len(text), leastWebhook, s.setting)
		}
		secrets[i] = []byte(text)
	}
	return secrets, nil
}

// maxToken is longer than any token of GitHub.
const maxToken = 1000

// Token is a token of GitHub: the secret's text, or the field "token" of a JSON object. It is empty
// where none was put yet: an empty text, or a placeholder such as "none". What cannot be a token is
// fault.Invalid.
func (s Secret) Token(ctx context.Context) (string, error) {
	value, err := s.value(ctx)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(value)
	if strings.HasPrefix(token, "{") {
		var fields struct {
			Token string `json:"token"`
		}
		if json.Unmarshal([]byte(token), &fields) != nil {
			return "", fault.New(fault.Invalid, "read secret %q: it begins like a JSON object with a token and is none; see %s", s.id, s.setting)
		}
		token = strings.TrimSpace(fields.Token)
	}
	if slices.Contains([]string{"", "none", "placeholder", "changeme", "todo", "-"}, strings.ToLower(token)) {
		return "", nil
	}
	unfit := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(token) > maxToken || strings.ContainsFunc(token, unfit) {
		return "", fault.New(fault.Invalid, "read secret %q: it is no token of GitHub: it has spaces, or is too long; see %s", s.id, s.setting)
	}
	return token, nil
}

func (s Secret) value(ctx context.Context) (string, error) {
	answer, err := s.api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.id)})
	if err != nil {
		return "", awserr.Wrap(err, awserr.Call{
			Doing: fmt.Sprintf("read secret %q", s.id), Action: "secretsmanager:GetSecretValue (and kms:Decrypt on its key)", Setting: s.setting,
		})
	}
	if answer.SecretString == nil {
		return "", fault.New(fault.Invalid, "read secret %q: it is binary; put it as text, see %s", s.id, s.setting)
	}
	return *answer.SecretString, nil
}
