package report

import (
	"html/template"
	"io"
)

// WriteHTML writes the report to path as one page that needs nothing but itself, whole or not
// at all. Repeating it replaces the file.
func WriteHTML(path string, r Report) error {
	return writeFile(path, func(w io.Writer) error {
		page, err := template.New("report").Parse(`<!doctype html><title>Report</title>{{range .Scenarios}}<h2>{{.Name}}</h2><p>{{.Outcome}}</p><pre>{{.Record}}</pre>{{end}}`)
		if err != nil {
			return err
		}
		return page.Execute(w, r)
	})
}
