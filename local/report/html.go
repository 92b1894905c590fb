package report

import (
	"crypto/sha256"
	_ "embed" // the page and its style are files of their own
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// page is what the template shows.
type page struct {
	Style template.CSS
	// StyleHash lets the browser apply this style and nothing else.
	StyleHash string
	OK        bool
	Verdict   string
	Began     string
	Totals    []figure
	Sections  []section
}

// WriteHTML writes the report to path as one page that needs nothing but itself: no script, no
// request to anywhere. It is written whole or not at all; repeating it replaces the file.
func WriteHTML(path string, r Report) error {
	shown, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("write report %q: %w", path, err)
	}
	return writeFile(path, func(w io.Writer) error { return shown.Execute(w, newPage(r)) })
}

func newPage(r Report) page {
	hash := sha256.Sum256([]byte(pageStyle))
	p := page{
		Style:     template.CSS(pageStyle), //nolint:gosec // embedded, not input
		StyleHash: base64.StdEncoding.EncodeToString(hash[:]),
		OK:        r.OK,
	}
	var met, requests, failed, lost int
	var seconds float64
	for i, s := range r.Scenarios {
		p.Sections = append(p.Sections, newSection(i+1, s))
		requests, failed, lost = requests+s.Requests, failed+s.Failed, lost+s.Lost
		seconds += s.Seconds
		if s.OK {
			met++
		}
		if p.Began == "" && len(s.Path) > 0 && !s.Path[0].At.IsZero() {
			p.Began = s.Path[0].At.UTC().Format(time.DateOnly + " 15:04 UTC")
		}
	}
	p.Verdict = fmt.Sprintf("%d of %s went as expected", met, plural(len(r.Scenarios), "scenario"))
	if r.OK {
		p.Verdict = fmt.Sprintf("%s went as expected", plural(len(r.Scenarios), "scenario"))
	}
	p.Totals = []figure{
		{"Requests", count(requests), ""},
		{"Failed", count(failed), percent(failed, requests)},
		{"Lost", count(lost), ""},
		{"Time", duration(seconds), ""},
	}
	return p
}
