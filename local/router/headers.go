package router

import (
	"net"
	"net/http"
	"net/textproto"
	"strings"
)

// prepareRequest makes a client's header that of the request to the target: what concerns only
// the client's connection goes, and what ELB adds about the client comes. The header is changed
// in place, since nobody reads it after.
func prepareRequest(header http.Header, req *http.Request, port string) {
	removeHopByHop(header)
	delete(header, "Expect")
	if client, _, err := net.SplitHostPort(req.RemoteAddr); err == nil {
		if prior := header["X-Forwarded-For"]; len(prior) > 0 {
			client = strings.Join(prior, ", ") + ", " + client
		}
		header["X-Forwarded-For"] = []string{client}
	}
	header["X-Forwarded-Proto"] = []string{"http"}
	header["X-Forwarded-Port"] = []string{port}
	if _, ok := header["User-Agent"]; !ok {
		header["User-Agent"] = []string{""} // or net/http would add its own
	}
}

// copyHeader makes a target's header that of the answer to the client.
func copyHeader(to http.Header, res *http.Response) {
	removeHopByHop(res.Header)
	for name, values := range res.Header {
		to[name] = values
	}
	for _, name := range [...]string{"Content-Type", "Date"} {
		if _, ok := to[name]; !ok {
			to[name] = nil // or net/http would add one
		}
	}
}

// removeHopByHop removes the headers of RFC 9110 section 7.6.1, and those that Connection names.
func removeHopByHop(header http.Header) {
	for _, value := range header["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			if name = textproto.TrimString(name); name != "" {
				header.Del(name)
			}
		}
	}
	for _, name := range [...]string{
		"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate",
		"Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	} {
		delete(header, name)
	}
}
