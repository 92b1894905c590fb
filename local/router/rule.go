package router

// DefaultRule is the ID of the rule that takes what no other rule matches. It always exists,
// cannot be deleted and has no conditions. Until ModifyRule gives it another action it answers
// 503.
const DefaultRule = "default"

// Rule says which requests go where. Rules are tried from the lowest priority number up.
type Rule struct {
	// ID is the caller's name for the rule, where ELB has an ARN.
	ID string
	// Priority is 1 to 50000 and unique; 0 on the default rule, which comes last.
	Priority int
	// Conditions must all hold. At least one, but for the default rule, which has none.
	Conditions []Condition
	// Action is what happens to a matching request.
	Action Action
}

// Field is what part of a request a condition looks at, in ELB's spelling.
type Field string

// The fields that this router knows; it refuses ELB's other four.
const (
	// HTTPHeader compares a header's values, whatever their case.
	HTTPHeader Field = "http-header"
	// PathPattern compares the path as it was sent, without its query, minding the case.
	PathPattern Field = "path-pattern"
)

// Condition holds when any of its values matches. Values may contain the wildcards * (any run of
// characters) and ? (one character).
type Condition struct {
	Field Field
	// Name is the header's name, without wildcards, whatever its case; empty for PathPattern.
	Name string
	// Values are one to three patterns of at most 128 characters.
	Values []string
}

// Action is either a forward or a fixed response, never both.
type Action struct {
	// Forward lists one to five different target groups.
	Forward []WeightedGroup
	// Fixed is absent in a forward.
	Fixed *FixedResponse
}

// WeightedGroup is a target group's part in a forward.
type WeightedGroup struct {
	Group string
	// Weight is 0 to 999, relative to the sum of all weights in the action. A group of weight 0
	// receives nothing but is in use, so its targets are checked. When all weights are 0 the
	// request is answered 503.
	Weight int
}

// FixedResponse is an answer that the router gives by itself.
type FixedResponse struct {
	// Status is 2xx, 4xx or 5xx.
	Status int
	// ContentType is text/plain (also when empty), text/css, text/html, application/javascript
	// or application/json.
	ContentType string
	// Body has at most 1024 characters.
	Body string
}

// Forward is the action that sends requests to groups by weight.
func Forward(groups ...WeightedGroup) Action { return Action{Forward: groups} }

// Respond is the action that answers by itself.
func Respond(status int, contentType, body string) Action {
	return Action{Fixed: &FixedResponse{Status: status, ContentType: contentType, Body: body}}
}

// Header is the condition that one of a header's values matches one of the patterns.
func Header(name string, patterns ...string) Condition {
	return Condition{Field: HTTPHeader, Name: name, Values: patterns}
}

// Path is the condition that the path matches one of the patterns.
func Path(patterns ...string) Condition {
	return Condition{Field: PathPattern, Values: patterns}
}

// clone copies everything that the caller could still change.
func (rule Rule) clone() Rule {
	conditions := make([]Condition, len(rule.Conditions))
	for i, c := range rule.Conditions {
		c.Values = append([]string(nil), c.Values...)
		conditions[i] = c
	}
	rule.Conditions = conditions
	rule.Action.Forward = append([]WeightedGroup(nil), rule.Action.Forward...)
	if rule.Action.Fixed != nil {
		fixed := *rule.Action.Fixed
		rule.Action.Fixed = &fixed
	}
	return rule
}
