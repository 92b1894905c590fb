// Package functionurl is the Lambda Function URL of one machine: it turns HTTP requests into the
// events that AWS would send (payload format 2.0), calls the function, and writes its answer back.
//
// The formats are those of the AWS Lambda Developer Guide, "Invoking Lambda function URLs".
package functionurl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/fault"
)

// maxBody is the greatest size of a request or response body, in bytes (AWS Lambda quotas,
// "Invocation payload", synchronous).
const maxBody = 6 << 20

// Handler is the URL of one function. It is an http.Handler, safe for concurrent use. Set the
// fields before the first request.
type Handler struct {
	// Invoke calls the function with an event and returns its answer, both JSON. An error is
	// answered with 502 and its text only goes to the log, as on AWS.
	Invoke func(ctx context.Context, event json.RawMessage) (json.RawMessage, error)
	// Identify says who has signed a request, as a URL with AWS_IAM authentication asks; an error
	// is answered with 403 and its text. nil takes requests of anybody.
	Identify func(request *http.Request, body []byte) (arn string, err error)
	// Now dates requests.
	Now func() time.Time
	// NewID makes requestContext.requestId. It is called by concurrent requests.
	NewID func() string
	// Log receives what went wrong; nil means slog.Default.
	Log *slog.Logger
}

// ServeHTTP serves one request. It answers 413 for a body above 6 MB, 400 for one that breaks
// off, and 502 "Internal Server Error" when the function fails, panics or answers with what is no
// response.
func (h *Handler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		refuse(writer, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		refuse(writer, http.StatusBadRequest, "Bad Request")
		return
	}
	id := h.NewID()
	event := newEvent(request, id, h.Now().UTC(), body)
	if h.Identify != nil {
		arn, err := h.Identify(request, body)
		if err != nil {
			forbid(writer, err)
			return
		}
		event.RequestContext.Authorizer = &events.LambdaFunctionURLRequestContextAuthorizerDescription{
			IAM: &events.LambdaFunctionURLRequestContextAuthorizerIAMDescription{UserARN: arn},
		}
	}
	answer, err := h.call(request.Context(), event)
	if err != nil {
		h.log().ErrorContext(request.Context(), "function url", "path", request.URL.Path, "requestId", id, "error", err)
		refuse(writer, http.StatusBadGateway, "Internal Server Error")
		return
	}
	answer.write(writer)
}

// call sends one event to the function and reads its answer.
func (h *Handler) call(ctx context.Context, request events.LambdaFunctionURLRequest) (result response, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fault.New(fault.Internal, "the function panicked: %v", cause)
		}
	}()
	event, err := json.Marshal(request)
	if err != nil {
		return response{}, err
	}
	answer, err := h.Invoke(ctx, event)
	if err != nil {
		return response{}, err
	}
	return parseResponse(answer)
}

func (h *Handler) log() *slog.Logger {
	if h.Log != nil {
		return h.Log
	}
	return slog.Default()
}

// forbid answers a request that nobody known has signed.
func forbid(writer http.ResponseWriter, reason error) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(http.StatusForbidden)
	// The client may be gone; there is nobody left to tell.
	_ = json.NewEncoder(writer).Encode(map[string]string{"Message": reason.Error()})
}

// refuse answers in place of the function.
func refuse(writer http.ResponseWriter, status int, text string) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	// The client may be gone; there is nobody left to tell.
	_, _ = io.WriteString(writer, text)
}
