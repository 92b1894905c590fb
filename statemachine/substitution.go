package statemachine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// functionSuffix ends the substitutions that stand for functions.
const functionSuffix = "Function"

// Render fills each ${Name} of a definition with its value, escaped for JSON. One map serves
// both machines: values that a definition does not ask for are ignored. It is an error, naming
// the substitution, when one has no value, is not closed, or has a value that would open another
// one; and when the result is not JSON. Pure, so repeating it is safe.
func Render(definition []byte, substitutions map[string]string) ([]byte, error) {
	var out bytes.Buffer
	var problems []error
	rest := string(definition)
	for {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			line, _, _ := strings.Cut(after, "\n")
			return nil, fmt.Errorf("render definition: substitution %q is not closed", "${"+line)
		}
		value, err := fill(name, substitutions)
		if err != nil {
			problems = append(problems, err)
		}
		out.WriteString(value)
		rest = tail
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("render definition: %w", err)
	}
	if !json.Valid(out.Bytes()) {
		return nil, errors.New("render definition: the result is not JSON")
	}
	return out.Bytes(), nil
}

// fill is the value of one substitution as it stands inside a JSON string.
func fill(name string, substitutions map[string]string) (string, error) {
	value, ok := substitutions[name]
	if !ok {
		return "", fmt.Errorf("substitution %q has no value", name)
	}
	if strings.Contains(value, "${") {
		return "", fmt.Errorf("substitution %q has the value %q, which opens another one", name, value)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("encode substitution %q: %w", name, err)
	}
	quoted := strings.TrimSuffix(text.String(), "\n")
	return quoted[1 : len(quoted)-1], nil
}

// Substitutions lists the names that a definition leaves open, sorted, each once.
func Substitutions(definition []byte) []string {
	var names []string
	rest := string(definition)
	for {
		_, after, found := strings.Cut(rest, "${")
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			break
		}
		names, rest = append(names, name), tail
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Functions lists the functions that a definition calls, sorted, each once: "Validate" for
// ${ValidateFunction}.
func Functions(definition []byte) []string {
	var names []string
	for _, name := range Substitutions(definition) {
		if function, ok := strings.CutSuffix(name, functionSuffix); ok {
			names = append(names, function)
		}
	}
	return names
}
