package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/shared/deploy"
)

// asked is the operation of a request, and its parameters where the protocol is AWS Query.
type asked struct {
	action string
	form   url.Values
}

type askedKey struct{}

// newProxy passes calls on to the emulation. Two answers are replaced by the data plane's truth,
// the running tasks in ECS's DescribeServices and ELBv2's DescribeTargetHealth; and what is changed
// there is done here as well.
func (w *world) newProxy() http.Handler {
	target, _ := url.Parse(w.lab.URL) // the lab made it
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ModifyResponse: w.answered}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, metricsPath) {
			w.translate(rw, r)
			return
		}
		ask, err := operation(r)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		if ask.action == "DescribeTargetHealth" && w.health(rw, ask.form.Get("TargetGroupArn")) {
			return
		}
		proxy.ServeHTTP(rw, r.WithContext(context.WithValue(r.Context(), askedKey{}, ask)))
	})
}

// throughProxy calls as functions do.
func (w *world) throughProxy() aws.Config {
	cfg := w.sdk.Copy()
	cfg.BaseEndpoint = aws.String(w.proxy)
	return cfg
}

// operation reads which operation a request is for; of a REST protocol none is told.
func operation(r *http.Request) (asked, error) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return asked{action: target[strings.LastIndex(target, ".")+1:]}, nil
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return asked{}, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return asked{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	return asked{form.Get("Action"), form}, err
}

// answered does what the emulation has agreed to, and tells what runs.
func (w *world) answered(response *http.Response) error {
	ask, _ := response.Request.Context().Value(askedKey{}).(asked)
	if response.StatusCode != http.StatusOK {
		return nil
	}
	if slices.Contains([]string{"UpdateService", "ModifyRule", "CreateRule", "DeleteRule"}, ask.action) {
		w.wake()
		return nil
	}
	if ask.action != "DescribeServices" {
		return w.backUp(response.Request.Context(), ask)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if body, err = w.running(body); err != nil {
		return err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", fmt.Sprint(len(body)))
	response.Header.Del("X-Amz-Crc32")
	return nil
}

// running puts what runs into an answer of DescribeServices.
func (w *world) running(body []byte) ([]byte, error) {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	services, _ := answer["services"].([]any)
	for _, one := range services {
		told, _ := one.(map[string]any)
		p, s := w.slotOf(fmt.Sprint(told["serviceName"]))
		if p == nil {
			continue
		}
		state, err := s.fleet.Describe(context.Background(), p.scope, s.name)
		if err != nil {
			return nil, err
		}
		running := 0
		if s.now().definition == told["taskDefinition"] {
			running = state.Running
		}
		told["runningCount"], told["pendingCount"] = state.Running, 0
		told["deployments"] = []any{map[string]any{
			"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": told["taskDefinition"], "desiredCount": told["desiredCount"], "runningCount": running,
			"pendingCount": 0, "failedTasks": 0, "createdAt": float64(time.Now().Unix()), "rolloutState": "COMPLETED",
		}}
	}
	return json.Marshal(answer)
}

func (w *world) slotOf(name string) (*plane, *slot) {
	for _, p := range w.planes {
		for _, slot := range deploy.Slots() {
			if p.place.Fleet.Services.Of(slot) == name {
				return p, p.slots[slot]
			}
		}
	}
	return nil, nil
}

// The answer of DescribeTargetHealth.
type (
	targetHealth struct {
		State       string
		Reason      string `xml:",omitempty"`
		Description string `xml:",omitempty"`
	}
	targetMember struct {
		ID     string       `xml:"Target>Id"`
		Port   string       `xml:"Target>Port"`
		Health targetHealth `xml:"TargetHealth"`
	}
	targetsAnswer struct {
		XMLName xml.Name       `xml:"DescribeTargetHealthResponse"`
		Members []targetMember `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member"`
	}
)

// health answers DescribeTargetHealth by the router's checks, and false of a group that it has not.
func (w *world) health(rw http.ResponseWriter, group string) bool {
	for _, p := range w.planes {
		for _, slot := range deploy.Slots() {
			if p.place.Traffic.TargetGroupArns.Of(slot) != group {
				continue
			}
			targets, err := p.router.DescribeTargetHealth(string(slot))
			if err != nil {
				return false
			}
			text, err := xml.Marshal(healthOf(targets))
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

func healthOf(targets []router.TargetHealth) targetsAnswer {
	var answer targetsAnswer
	for _, t := range targets {
		m := targetMember{Health: targetHealth{State: strings.ToLower(string(t.State)), Reason: t.Reason, Description: t.Description}}
		m.ID, m.Port, _ = strings.Cut(strings.TrimPrefix(t.Target, "http://"), ":")
		answer.Members = append(answer.Members, m)
	}
	return answer
}
