package differential

import (
	"encoding/json"
	"regexp"
	"strings"
)

// normal is a JSON text as a value that compares across interpreters: what each makes by itself
// (moments, task tokens, the account and region of ARNs) is replaced by its name. A text that is
// not JSON is itself.
func normal(text []byte) any {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return plain(string(text))
	}
	return replace("", value)
}

func replace(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, item := range v {
			v[name] = replace(name, item)
		}
	case []any:
		for i, item := range v {
			v[i] = replace(key, item)
		}
	case string:
		switch key {
		case "taskToken":
			return "<token>"
		case "requestedAt":
			return moment(v)
		}
		return plain(v)
	}
	return value
}

// moment is a time that an interpreter gave. AWS writes 2030-01-02T15:04:05.678Z, and so do we;
// the emulation writes State.EnteredTime as 2030-01-02T15:04:05.678901+00:00, which is taken for
// the same: every automatic rollback would differ by it.
func moment(text string) string {
	if regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\d{3}\+00:00)$`).MatchString(text) {
		return "<time>"
	}
	return text
}

// plain replaces the account and region of ARNs, and what follows the message in a cause that is
// JSON behind a prefix is read as JSON, for the order of its keys is no matter.
func plain(text string) string {
	text = regexp.MustCompile(`arn:aws:states:[a-z0-9-]*:\d*:`).ReplaceAllString(text, "arn:aws:states:::")
	i := strings.IndexByte(text, '{')
	if i < 0 {
		return text
	}
	var inner any
	if json.Unmarshal([]byte(text[i:]), &inner) != nil {
		return text
	}
	again, err := json.Marshal(inner)
	if err != nil {
		return text
	}
	return text[:i] + string(again)
}

// indented is a normalised value as text, for people and for comparing.
func indented(value any) string {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
