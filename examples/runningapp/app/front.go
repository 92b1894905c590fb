package app

import (
	"bytes"
	"net/http"
)

// serveFront is the page for people. It shows what everybody ran and the newest runs.
func (s *Service) serveFront(w http.ResponseWriter, r *http.Request) error {
	stats, err := s.store.stats(r.Context(), "")
	if err != nil {
		return err
	}
	runs, err := s.store.runs(r.Context(), page{Limit: defaultLimit})
	if err != nil {
		return err
	}
	var body bytes.Buffer // so that a template that fails does not leave half a page
	err = s.front.Execute(&body, map[string]any{
		"Stats": stats, "Runs": runs, "Release": s.release.Version, "Columns": s.release.Columns,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = body.WriteTo(w) // the client has gone
	return nil
}

const frontPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Running</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc }
footer { color: #666; margin-top: 2rem }
</style>
<h1>Running</h1>
<p>{{.Stats.Runs}} runs, {{.Stats.DistanceMeters}} m, {{.Stats.PaceSecondsPerKm}} s per km.</p>
<table>
<tr><th>When<th>Who<th>Meters<th>Seconds{{if .Columns.Shoe}}<th>Shoe{{end}}{{if .Columns.Note}}<th>Note{{end}}
{{range .Runs}}<tr><td>{{.StartedAt.UTC.Format "2006-01-02 15:04"}}<td>{{.Runner}}<td>{{.DistanceMeters}}<td>{{.DurationSeconds -}}
{{if $.Columns.Shoe}}<td>{{.Shoe}}{{end}}{{if $.Columns.Note}}<td>{{.Note}}{{end}}
{{end}}</table>
<footer>Release {{.Release}}</footer>
`
