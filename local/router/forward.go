package router

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
)

const bufferSize = 32 << 10

// serve answers one request of a client and counts it.
func (r *Router) serve(w http.ResponseWriter, req *http.Request) {
	start := r.clock.Now()
	counts, what := r.route(w, req, r.plane.at(start).find(req))
	end := r.clock.Now()
	counts.add(end, end.Sub(start), what)
	if what.end == endConnectionError && what.status != 0 {
		// Part of the answer is out: only a broken connection tells the client.
		panic(http.ErrAbortHandler)
	}
}

func (r *Router) route(w http.ResponseWriter, req *http.Request, to *route) (*ring, outcome) {
	if req.Method == http.MethodTrace || req.Method == http.MethodConnect {
		return r.unsent, respond(w, FixedResponse{Status: http.StatusMethodNotAllowed})
	}
	if to.fixed != nil {
		return r.unsent, respond(w, *to.fixed)
	}
	group := to.choose(r.config.Rand)
	if group == nil {
		respond(w, FixedResponse{Status: http.StatusServiceUnavailable})
		return r.unsent, outcome{end: endLost}
	}
	t := group.pick()
	if t == nil {
		respond(w, FixedResponse{Status: http.StatusServiceUnavailable})
		return group.counts, outcome{end: endLost}
	}
	defer t.release()
	failOpen := !t.healthy()
	what := r.forward(w, req, t)
	what.failOpen = failOpen
	return group.counts, what
}

func respond(w http.ResponseWriter, f FixedResponse) outcome {
	if f.ContentType == "" {
		f.ContentType = "text/plain"
	}
	w.Header().Set("Content-Type", f.ContentType)
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
	return outcome{status: f.Status}
}

// forward sends the request to the target and copies the answer as it comes.
func (r *Router) forward(w http.ResponseWriter, req *http.Request, t *target) outcome {
	prepareRequest(req.Header, req, r.port)
	var res *http.Response
	var err error
	if carries(req) {
		res, err = t.upstream.exchange(req)
	} else {
		// A target may answer before it has read everything. Without this the server would then
		// swallow the rest of the body, which the target still waits for.
		_ = http.NewResponseController(w).EnableFullDuplex()
		// The transport may still read the body after the answer; a closed one ends that before
		// this handler does.
		defer func() { _ = req.Body.Close() }()
		res, err = t.transport.RoundTrip(outgoing(req, t.host))
	}
	if err != nil {
		return r.answerError(w, req, err)
	}
	defer func() { _ = res.Body.Close() }()
	copyHeader(w.Header(), res)
	w.WriteHeader(res.StatusCode)
	what := r.copyBody(w, req, res)
	for name, values := range res.Trailer {
		w.Header()[http.TrailerPrefix+name] = values
	}
	return what
}

// outgoing makes a client's request one that http.Transport takes.
func outgoing(req *http.Request, host string) *http.Request {
	out := req.WithContext(req.Context())
	out.URL = &url.URL{
		Scheme: "http", Host: host, Path: req.URL.Path, RawPath: req.URL.RawPath,
		RawQuery: req.URL.RawQuery, ForceQuery: req.URL.ForceQuery,
	}
	out.RequestURI = ""
	out.Close = false
	out.TransferEncoding = nil
	if req.ContentLength == 0 {
		out.Body = nil
	}
	return out
}

// answerError tells the client what ELB would: 504 when the target took too long, else 502.
func (r *Router) answerError(w http.ResponseWriter, req *http.Request, err error) outcome {
	if req.Context().Err() != nil {
		return outcome{end: endAborted}
	}
	status := http.StatusBadGateway
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		status = http.StatusGatewayTimeout
	}
	respond(w, FixedResponse{Status: status})
	return outcome{end: endConnectionError}
}

// copyBody passes the body on. One of unknown length may be a stream, so each piece is sent as it
// comes.
func (r *Router) copyBody(w http.ResponseWriter, req *http.Request, res *http.Response) outcome {
	if res.ContentLength == 0 || res.Body == http.NoBody {
		return outcome{status: res.StatusCode}
	}
	buffer := r.buffer.Get().(*[bufferSize]byte)
	defer r.buffer.Put(buffer)
	flusher, _ := w.(http.Flusher)
	for {
		n, err := res.Body.Read(buffer[:])
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return outcome{end: endAborted}
			}
			if res.ContentLength < 0 && flusher != nil {
				flusher.Flush()
			}
		}
		switch {
		case err == io.EOF: //nolint:errorlint // io.Reader promises the bare value
			return outcome{status: res.StatusCode}
		case err != nil && req.Context().Err() != nil:
			return outcome{end: endAborted}
		case err != nil:
			return outcome{end: endConnectionError, status: res.StatusCode}
		}
	}
}
