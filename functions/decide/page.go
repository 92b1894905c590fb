package decide

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"github.com/aws/aws-lambda-go/events"
)

//go:embed page.html
var pageText string

// view is what the page shows.
type view struct {
	Title   string
	Message string
	// Summary is the plan, as pairs of a name and its text.
	Summary  [][2]string
	Approver string
	Expires  string
	// Open says that a decision is still wanted.
	Open bool
}

// page renders a view. The policy lets nothing in but the page's own style: no script, no
// frame, no form to anywhere else, no trace of the link in a Referer.
func page(status int, v view) (events.LambdaFunctionURLResponse, error) {
	parsed, err := template.New("page").Parse(pageText)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("parse the approval page: %w", err)
	}
	var body bytes.Buffer
	if err := parsed.Execute(&body, v); err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("render the approval page: %w", err)
	}
	return events.LambdaFunctionURLResponse{
		StatusCode: status, Body: body.String(),
		Headers: map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"Cache-Control":           "no-store",
		},
	}, nil
}
