package functionurl

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// newEvent is a request in payload format 2.0.
func newEvent(request *http.Request, id string, now time.Time, body []byte) events.LambdaFunctionURLRequest {
	domain := request.Host
	if host, _, err := net.SplitHostPort(domain); err == nil {
		domain = host
	}
	prefix, _, _ := strings.Cut(domain, ".")
	event := events.LambdaFunctionURLRequest{
		Version:               "2.0",
		RawPath:               rawPath(request.URL),
		RawQueryString:        request.URL.RawQuery,
		Cookies:               cookies(request.Header),
		Headers:               headers(request),
		QueryStringParameters: parameters(request.URL),
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID:    "anonymous",
			RequestID:    id,
			APIID:        prefix,
			DomainName:   domain,
			DomainPrefix: prefix,
			Time:         now.Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch:    now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method:    request.Method,
				Path:      rawPath(request.URL),
				Protocol:  request.Proto,
				SourceIP:  sourceIP(request.RemoteAddr),
				UserAgent: request.UserAgent(),
			},
		},
		Body: string(body),
	}
	if len(body) > 0 && !isText(request.Header, body) {
		event.Body = base64.StdEncoding.EncodeToString(body)
		event.IsBase64Encoded = true
	}
	return event
}

func rawPath(address *url.URL) string {
	if path := address.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// headers joins the values of a header with commas. Cookies have a field of their own, and Go
// keeps the host beside the headers.
func headers(request *http.Request) map[string]string {
	result := map[string]string{"host": text(request.Host)}
	for name, values := range request.Header {
		if name != "Cookie" {
			result[strings.ToLower(name)] = text(strings.Join(values, ","))
		}
	}
	return result
}

func cookies(header http.Header) []string {
	var result []string
	for _, line := range header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				result = append(result, text(cookie))
			}
		}
	}
	return result
}

// parameters decodes the query; repeated ones are joined with commas, in their order.
func parameters(address *url.URL) map[string]string {
	query := address.Query()
	if len(query) == 0 {
		return nil
	}
	result := make(map[string]string, len(query))
	for name, values := range query {
		result[text(name)] = text(strings.Join(values, ","))
	}
	return result
}

// text keeps JSON valid: bytes that are not UTF-8 become U+FFFD here rather than in the encoder.
func text(value string) string { return strings.ToValidUTF8(value, "\uFFFD") }

func sourceIP(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// isText reports a body that AWS passes on as it is; all others are encoded in base64. A body
// that claims to be text but is not UTF-8 could not be carried by JSON.
func isText(header http.Header, body []byte) bool {
	if header.Get("Content-Encoding") != "" || !utf8.Valid(body) {
		return false
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return false
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml") ||
		slices.Contains([]string{"application/json", "application/javascript", "application/xml"}, kind)
}
