package strict_test

import (
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/strict"
)

func TestDecodeSaysWhichFieldIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{"id": "d1", "request": {"reason": "x"}}`:          "",
		`{"request": {"relase": "1"}}`:                      `read the request: unknown field "relase"`,
		`{"request": {"rollback": {"shcema": "restore"}}}`:  `read the request: unknown field "shcema"`,
		`{"request": {"reason": 7}}`:                        `the request's field "reason" is a JSON number where string is wanted`,
		`{"request": {"rollback": {"mode": ["standard"]}}}`: `the request's field "rollback.mode" is a JSON array where deploy.Mode is wanted`,
		`{"id": "d1"} {}`:                                   "read the request: there is more after its end",
		`{"request": `:                                      "read the request: unexpected EOF",
	} {
		var doc deploy.Document
		err := strict.Decode([]byte(text), &doc)
		if want == "" && err == nil {
			continue
		}
		if !fault.Is(err, fault.Invalid) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
