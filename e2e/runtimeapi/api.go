package runtimeapi

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// maxAnswer is Lambda's quota of a synchronous answer.
const maxAnswer = 6 << 20

// api is the Runtime API of one process.
func (w *worker) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", w.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(rw http.ResponseWriter, r *http.Request) {
		w.end(rw, r, func(body []byte) outcome { return outcome{body: body} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(rw http.ResponseWriter, r *http.Request) {
		w.end(rw, r, func(body []byte) outcome { return outcome{err: reported(body)} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(rw http.ResponseWriter, _ *http.Request) {
		// The process ends by itself after this report.
		rw.WriteHeader(http.StatusAccepted)
	})
	return mux
}

// next hands an invocation out, as soon as there is one.
func (w *worker) next(rw http.ResponseWriter, r *http.Request) {
	select {
	case j := <-w.jobs:
		select {
		case <-w.current: // one that the process has never answered
		default:
		}
		w.current <- j
		rw.Header().Set("Lambda-Runtime-Aws-Request-Id", j.id)
		rw.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(j.deadline.UnixMilli(), 10))
		rw.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:"+w.name)
		_, _ = rw.Write(j.payload) // a process that died meanwhile
	case <-r.Context().Done():
	}
}

// end takes the answer to the invocation that the process has. Any other is refused.
func (w *worker) end(rw http.ResponseWriter, r *http.Request, convert func([]byte) outcome) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxAnswer))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	select {
	case j := <-w.current:
		if j.id != r.PathValue("id") {
			w.current <- j
			http.Error(rw, "this is not the invocation that was handed out", http.StatusForbidden)
			return
		}
		// The next invocation may come as soon as this one's caller has its answer, so the
		// process hears first that it was taken.
		rw.WriteHeader(http.StatusAccepted)
		j.result <- convert(body)
	default:
		http.Error(rw, "no invocation was handed out", http.StatusForbidden)
	}
}

// reported is an error as the process tells it.
func reported(body []byte) error {
	var told struct{ ErrorMessage, ErrorType string }
	if json.Unmarshal(body, &told) != nil {
		told.ErrorMessage = string(body)
	}
	return &Error{Type: told.ErrorType, Message: told.ErrorMessage}
}
