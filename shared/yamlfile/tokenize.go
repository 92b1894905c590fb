package yamlfile

import (
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// The YAML library takes time and memory that grow with the square of nesting and of the size
// of a mapping (16 000 nested lists: 0.6 s and 400 MB; 16 000 keys: 1.4 s). A file is therefore
// measured in tokens before it is parsed.
const (
	// maxTokens is about 6 000 lines of configuration.
	maxTokens = 20_000
	// maxNesting bounds brackets that are open, and block indicators on one line.
	maxNesting = 64
	// maxIndent bounds how far a line is indented, and so how deep blocks nest.
	maxIndent = 256
)

// tokenize splits a file whose shape is within bounds.
func tokenize(source []byte) (token.Tokens, error) {
	if len(source) > MaxBytes {
		return nil, fmt.Errorf("the file has %d bytes; %d is the most", len(source), MaxBytes)
	}
	if !utf8.Valid(source) {
		return nil, fmt.Errorf("the file is not UTF-8; save it as UTF-8")
	}
	tokens := lexer.Tokenize(string(source))
	if len(tokens) > maxTokens {
		return nil, fmt.Errorf("the file has %d words and signs; %d is the most", len(tokens), maxTokens)
	}
	open, line, indicators := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, indicators = t.Position.Line, 0
			if t.Position.Column > maxIndent && open == 0 && t.Type != token.CommentType {
				return nil, fmt.Errorf("line %d is indented by more than %d; nest less", line, maxIndent)
			}
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			indicators++
		case token.MappingValueType:
			if open == 0 {
				indicators++
			}
		}
		if open > maxNesting || indicators > maxNesting {
			return nil, fmt.Errorf("line %d nests more than %d deep; nest less", line, maxNesting)
		}
	}
	return tokens, nil
}
