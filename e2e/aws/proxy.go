package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/shared/deploy"
)

// newProxy passes calls on to the emulation. Two answers are replaced by the data plane's truth:
// the running tasks in ECS's DescribeServices, and ELBv2's DescribeTargetHealth.
func (w *world) newProxy() http.Handler {
	target, _ := url.Parse(w.lab.URL) // the lab made it
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	proxy.ModifyResponse = func(response *http.Response) error {
		if !strings.HasSuffix(response.Request.Header.Get("X-Amz-Target"), ".DescribeServices") || response.StatusCode != http.StatusOK {
			return nil
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		body, err = w.running(body)
		if err != nil {
			return err
		}
		response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		response.Header.Set("Content-Length", fmt.Sprint(len(body)))
		response.Header.Del("X-Amz-Crc32")
		return nil
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			form, _ := url.ParseQuery(string(body))
			if form.Get("Action") == "DescribeTargetHealth" && w.health(rw, form.Get("TargetGroupArn")) {
				return
			}
		}
		proxy.ServeHTTP(rw, r)
	})
}

// running puts what runs into an answer of DescribeServices.
func (w *world) running(body []byte) ([]byte, error) {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	services, _ := answer["services"].([]any)
	for _, one := range services {
		s, _ := one.(map[string]any)
		p, slot := w.slotOf(fmt.Sprint(s["serviceName"]))
		if p == nil {
			continue
		}
		p.mu.Lock()
		applied := p.applied[slot]
		p.mu.Unlock()
		count := 0
		state, err := p.fleet.Describe(nil, p.scope, slot) //nolint:staticcheck // it reads memory only
		if err != nil {
			return nil, err
		}
		if applied.definition == s["taskDefinition"] {
			count = state.Running
		}
		s["runningCount"], s["pendingCount"] = state.Running, 0
		s["deployments"] = []any{map[string]any{
			"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": s["taskDefinition"], "desiredCount": s["desiredCount"], "runningCount": count,
			"pendingCount": 0, "failedTasks": 0, "createdAt": float64(time.Now().Unix()), "rolloutState": "COMPLETED",
		}}
	}
	return json.Marshal(answer)
}

func (w *world) slotOf(name string) (*plane, deploy.Slot) {
	for _, p := range w.planes {
		for _, slot := range deploy.Slots() {
			if p.place.Fleet.Services.Of(slot) == name {
				return p, slot
			}
		}
	}
	return nil, ""
}

// health answers DescribeTargetHealth by the router's checks.
func (w *world) health(rw http.ResponseWriter, group string) bool {
	type health struct {
		State       string
		Reason      string `xml:",omitempty"`
		Description string `xml:",omitempty"`
	}
	type member struct {
		Target struct {
			Id   string
			Port string
		}
		TargetHealth health
	}
	for _, p := range w.planes {
		for _, slot := range deploy.Slots() {
			if p.place.Traffic.TargetGroupArns.Of(slot) != group {
				continue
			}
			targets, err := p.router.DescribeTargetHealth(string(slot))
			if err != nil {
				return false
			}
			var members []member
			for _, t := range targets {
				var m member
				m.Target.Id, m.Target.Port, _ = strings.Cut(strings.TrimPrefix(t.Target, "http://"), ":")
				m.TargetHealth = health{State: state(t.State), Reason: t.Reason, Description: t.Description}
				members = append(members, m)
			}
			text, err := xml.Marshal(struct {
				XMLName xml.Name `xml:"DescribeTargetHealthResponse"`
				Members []member `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member"`
			}{Members: members})
			if err != nil {
				return false
			}
			rw.Header().Set("Content-Type", "text/xml")
			_, _ = rw.Write(text) // a caller that hung up
			return true
		}
	}
	return false
}

func state(s router.State) string { return strings.ToLower(string(s)) }
