package differential

import (
	"encoding/json"
	"regexp"
	"strings"
)

// normaliser takes out of texts what each interpreter makes by itself, which nothing can compare:
// moments, task tokens, and the account and region of ARNs.
type normaliser struct{ arn, moment *regexp.Regexp }

// newNormaliser knows the two formats of a moment. AWS writes 2030-01-02T15:04:05.678Z, and so
// do we; the emulation writes State.EnteredTime as 2030-01-02T15:04:05.678901+00:00, which is
// taken for the same: every automatic rollback would differ by it.
func newNormaliser() normaliser {
	return normaliser{
		arn:    regexp.MustCompile(`arn:aws:states:[a-z0-9-]*:\d*:`),
		moment: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\d{3}\+00:00)$`),
	}
}

// document is a JSON text, normalised and indented, its keys in order. A text that is not JSON
// is as cause leaves it.
func (n normaliser) document(text []byte) string {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return n.cause(string(text))
	}
	return indented(n.value("", value))
}

// value normalises the value of a key.
func (n normaliser) value(key string, value any) any {
	if key == "StartDate" || key == "StopDate" {
		return "(moment)"
	}
	switch v := value.(type) {
	case map[string]any:
		for name, item := range v {
			v[name] = n.value(name, item)
		}
	case []any:
		for i, item := range v {
			v[i] = n.value(key, item)
		}
	case string:
		switch {
		case key == "taskToken":
			return "(token)"
		case key == "requestedAt" && n.moment.MatchString(v):
			return "(moment)"
		}
		return n.cause(v)
	}
	return value
}

// cause normalises a text. Where one ends in JSON, as the cause of a Fail state does, its keys
// are put in order.
func (n normaliser) cause(text string) string {
	if strings.Contains(text, "arn:aws:states:") {
		text = n.arn.ReplaceAllString(text, "arn:aws:states:::")
	}
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

// indented is a value as text, for people and for comparing.
func indented(value any) string {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
