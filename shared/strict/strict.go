// Package strict decodes what people write: an unknown field is a mistake that somebody made, and
// must not be dropped in silence.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/pilotage/pilotage/shared/fault"
)

// Decode decodes raw into body, a pointer. Unknown fields, values of another type and anything
// after the end are fault.Invalid and say which field it was. Fields of a document's request are
// named as the request has them.
func Decode(raw json.RawMessage, body any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return fault.New(fault.Invalid, "the request's field %q is a JSON %s where %s is wanted", strings.TrimPrefix(wrong.Field, "request."), wrong.Value, wrong.Type)
		}
		return fault.New(fault.Invalid, "read the request: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "read the request: there is more after its end")
	}
	return nil
}
