package decide

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

// render renders a view. The policy lets nothing in but the page's own style, named by its
// hash: no script, no frame, no form to anywhere else, no trace of the link in a Referer.
func render(status int, v view) (events.LambdaFunctionURLResponse, error) {
	style := strings.TrimSpace(styleText)
	parsed, err := template.New("page").Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(style) }}).Parse(pageText) //nolint:gosec // the page's own style
	if err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("parse the approval page: %w", err)
	}
	var body bytes.Buffer
	if err := parsed.Execute(&body, v); err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("render the approval page: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	return events.LambdaFunctionURLResponse{
		StatusCode: status, Body: body.String(),
		Headers: map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Security-Policy": policy,
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"X-Robots-Tag":            "noindex, nofollow",
			"Cache-Control":           "no-store",
		},
	}, nil
}
