package asl

import (
	"crypto/md5" //nolint:gosec // a checksum that AWS offers
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // a checksum that AWS offers
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	mathrand "math/rand/v2"

	"github.com/recolabs/gnata"
)

// queryFunctions are the functions that Step Functions adds to JSONata, those that it takes away,
// and those that read the clock. Each is a value that can be bound as a variable.
func (e *Engine) queryFunctions() map[string]any {
	custom := map[string]gnata.CustomFunc{
		"partition": partition,
		"range":     rangeOf,
		"hash":      hashOf,
		"random":    e.random,
		"uuid":      func([]any, any) (any, error) { return uuid() },
		"parse":     parseText,
		"eval": func([]any, any) (any, error) {
			return nil, errors.New("$eval is not available on Step Functions; $parse reads JSON")
		},
		"millis": func([]any, any) (any, error) { return float64(e.Clock.Now().UnixMilli()), nil },
		"now":    e.now,
	}
	env := gnata.NewCustomEnv(custom)
	functions := make(map[string]any, len(custom))
	for _, name := range addedFunctions() {
		functions[name], _ = env.Lookup(name)
	}
	return functions
}

// now is $now(picture, timezone), of the engine's clock; without a picture in ISO 8601.
func (e *Engine) now(args []any, _ any) (any, error) {
	moment := e.Clock.Now()
	if argument(args, 0) == nil {
		return stamp(moment), nil
	}
	call := "$fromMillis($millis, $picture)"
	if argument(args, 1) != nil {
		call = "$fromMillis($millis, $picture, $zone)"
	}
	format, err := compile(call)
	if err != nil {
		return nil, err
	}
	return format.EvalWithVars(e.root, nil, map[string]any{
		"millis": float64(moment.UnixMilli()), "picture": argument(args, 0), "zone": argument(args, 1),
	})
}

// partition splits an array into chunks of n elements.
func partition(args []any, _ any) (any, error) {
	items, ok := argument(args, 0).([]any)
	size, isNumber := number(argument(args, 1))
	if !ok || !isNumber || size < 1 || size != float64(int(size)) {
		return nil, errors.New("$partition takes an array and a size of at least 1")
	}
	chunks := []any{}
	for len(items) > 0 {
		n := min(int(size), len(items))
		chunk := make([]any, n)
		for i := range n {
			chunk[i] = orNull(items[i])
		}
		chunks, items = append(chunks, chunk), items[n:]
	}
	return chunks, nil
}

// rangeOf counts from first to last, both included, by step. AWS allows 1,000 elements.
func rangeOf(args []any, _ any) (any, error) {
	first, ok1 := number(argument(args, 0))
	last, ok2 := number(argument(args, 1))
	step, ok3 := number(argument(args, 2))
	if !ok1 || !ok2 || !ok3 || step == 0 {
		return nil, errors.New("$range takes a first, a last and a step that is not 0")
	}
	values := []any{}
	for n := first; (step > 0 && n <= last) || (step < 0 && n >= last); n += step {
		if len(values) == 1000 {
			return nil, errors.New("$range gives 1000 elements at most")
		}
		values = append(values, n)
	}
	return values, nil
}

// hashOf is the hexadecimal digest of a string.
func hashOf(args []any, _ any) (any, error) {
	text, ok := argument(args, 0).(string)
	algorithm, _ := argument(args, 1).(string)
	var digest hash.Hash
	switch algorithm {
	case "MD5":
		digest = md5.New() //nolint:gosec // see above
	case "SHA-1":
		digest = sha1.New() //nolint:gosec // see above
	case "SHA-256":
		digest = sha256.New()
	case "SHA-384":
		digest = sha512.New384()
	case "SHA-512":
		digest = sha512.New()
	}
	if !ok || digest == nil {
		return nil, errors.New("$hash takes a string and one of MD5, SHA-1, SHA-256, SHA-384, SHA-512")
	}
	digest.Write([]byte(text))
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// random is a number in [0,1); the same for the same seed.
func (e *Engine) random(args []any, _ any) (any, error) {
	seed, ok := number(argument(args, 0))
	switch {
	case len(args) == 0:
		return e.Rand(), nil
	case !ok:
		return nil, errors.New("$random takes a number as its seed")
	}
	return mathrand.New(mathrand.NewPCG(uint64(int64(seed)), 0)).Float64(), nil //nolint:gosec // no secret
}

// uuid is a random (version 4) UUID.
func uuid() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// parseText decodes a JSON text.
func parseText(args []any, _ any) (any, error) {
	text, ok := argument(args, 0).(string)
	if !ok || !json.Valid([]byte(text)) {
		return nil, errors.New("$parse takes a string of valid JSON")
	}
	return gnata.DecodeJSON(json.RawMessage(text))
}

func argument(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

// orNull gives null back to an argument from which gnata took it.
func orNull(value any) any {
	if value == nil {
		return null()
	}
	return value
}
