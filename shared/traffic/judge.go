package traffic

import (
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Judge says what is wrong with the answer to a smoke test that a release was asked, or nothing:
// its status, what it must contain, and which release gave it.
func (a Answer) Judge(test deploy.SmokeTest, version string) string {
	switch {
	case a.Status != test.Status:
		return fmt.Sprintf("%s %s answered %d, not %d: %s", test.Method, test.Path, a.Status, test.Status, start(a.Body))
	case !strings.Contains(a.Body, test.Contains):
		return fmt.Sprintf("%s %s answered without %q: %s", test.Method, test.Path, test.Contains, start(a.Body))
	case a.Release != version:
		return fmt.Sprintf("%s %s was answered by release %q, not by %q", test.Method, test.Path, a.Release, version)
	}
	return ""
}

// start is what fits into a sentence of an answer's body.
func start(body string) string {
	const most = 200
	body = strings.Join(strings.Fields(body), " ")
	if len(body) > most {
		return body[:most] + " …"
	}
	return body
}
