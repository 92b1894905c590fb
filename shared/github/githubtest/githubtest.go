// Package githubtest is GitHub for tests: as much of its REST API as is used, strict about what it
// is sent. Serve it over HTTP, or give its Client to who must not use the network.
package githubtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Server is GitHub with one repository. Set its fields before the first request. It is safe for
// concurrent use.
type Server struct {
	// Repository is "owner/name", Token the one that is accepted.
	Repository string
	Token      string
	// Intercept may answer instead: it reports whether it did. It may be nil.
	Intercept func(http.ResponseWriter, *http.Request) bool

	mu          sync.Mutex
	deployments []Deployment
	commits     map[string][]Status
	refs        map[string]Object
	tags        map[string]Object
	wrong       []string
	requests    []string
}

// Deployment is a deployment with its statuses, the oldest first.
type Deployment struct {
	ID          int64           `json:"id"`
	SHA         string          `json:"sha"`
	Task        string          `json:"task"`
	Environment string          `json:"environment"`
	Description string          `json:"description"`
	Payload     json.RawMessage `json:"payload"`
	Statuses    []Status        `json:"-"`
}

// State is that of the newest status; empty when there is none.
func (d Deployment) State() string {
	if len(d.Statuses) == 0 {
		return ""
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// Status is one status of a deployment or of a commit.
type Status struct {
	State, Description, Context, TargetURL, LogURL, EnvironmentURL string
}

// Object is what a ref or an annotated tag is at.
type Object struct {
	Type string `json:"type"`
	SHA  string `json:"sha"`
}

// Client serves requests without the network.
func (s *Server) Client() *http.Client { return &http.Client{Transport: direct{s}} }

type direct struct{ to http.Handler }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	d.to.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// Deployments are those that were created, the oldest first.
func (s *Server) Deployments() []Deployment {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := make([]Deployment, len(s.deployments))
	for i, one := range s.deployments {
		one.Statuses = append([]Status(nil), one.Statuses...)
		made[i] = one
	}
	return made
}

// Statuses are those of a commit, the oldest first.
func (s *Server) Statuses(commit string) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Status(nil), s.commits[commit]...)
}

// Ref is what a ref such as "refs/tags/v1" is at; the zero Object when there is none.
func (s *Server) Ref(name string) Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refs[name]
}

// SetRef puts a ref at an object; an object of the type "tag" leads to target.
func (s *Server) SetRef(name string, at, target Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	s.refs[name] = at
	if at.Type == "tag" {
		s.tags[at.SHA] = target
	}
}

// Wrong lists what GitHub would not have taken of what it was sent.
func (s *Server) Wrong() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.wrong...)
}

// Requests are the requests that were let in, as method and path.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

func (s *Server) prepare() {
	if s.commits == nil {
		s.commits, s.refs, s.tags = map[string][]Status{}, map[string]Object{}, map[string]Object{}
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Intercept != nil && s.Intercept(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	path, inside := strings.CutPrefix(r.URL.Path, "/repos/"+s.Repository)
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.Token:
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	case !inside:
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	s.requests = append(s.requests, r.Method+" "+path)
	for name, want := range map[string]string{"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "pilotage"} {
		if got := r.Header.Get(name); got != want {
			s.complain(r, "header %s is %q, want %q", name, got, want)
		}
	}
	s.route(w, r, path)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, path string) {
	status := regexp.MustCompile(`^/deployments/(\d+)/statuses$`).FindStringSubmatch(path)
	commit := regexp.MustCompile(`^/statuses/([0-9a-f]{40})$`).FindStringSubmatch(path)
	switch {
	case r.Method == http.MethodGet && path == "/deployments":
		s.list(w, r)
	case r.Method == http.MethodPost && path == "/deployments":
		s.deploy(w, r)
	case r.Method == http.MethodPost && status != nil:
		s.deployed(w, r, status[1])
	case r.Method == http.MethodPost && commit != nil:
		s.say(w, r, commit[1])
	case r.Method == http.MethodPost && path == "/git/refs":
		s.refer(w, r)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/git/ref/"):
		s.look(w, s.refs["refs/"+strings.TrimPrefix(path, "/git/ref/")])
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/git/tags/"):
		s.look(w, s.tags[strings.TrimPrefix(path, "/git/tags/")])
	default:
		s.complain(r, "there is no such endpoint")
		refuse(w, http.StatusNotFound, "Not Found")
	}
}

func (s *Server) complain(r *http.Request, format string, args ...any) {
	s.wrong = append(s.wrong, r.Method+" "+r.URL.Path+": "+fmt.Sprintf(format, args...))
}

// read decodes a body, and complains of unknown fields and of a wrong content type.
func (s *Server) read(r *http.Request, body any) {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		s.complain(r, "body: %v", err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		s.complain(r, "content type %q", got)
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	found := []Deployment{}
	query := r.URL.Query()
	// The newest first, as GitHub does.
	for i := len(s.deployments) - 1; i >= 0; i-- {
		one := s.deployments[i]
		if one.SHA == query.Get("sha") && one.Environment == query.Get("environment") && one.Task == query.Get("task") {
			found = append(found, one)
		}
	}
	if query.Get("per_page") != "100" {
		s.complain(r, "a page of %q", query.Get("per_page"))
	}
	answer(w, http.StatusOK, found)
}

// AddDeployment creates one that somebody else made.
func (s *Server) AddDeployment(d Deployment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.ID = s.nextID()
	s.deployments = append(s.deployments, d)
}

// firstID is far from zero, which means none.
const firstID = 4_000_000_001

func (s *Server) nextID() int64 { return int64(firstID + len(s.deployments)) }

func (s *Server) deploy(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Ref              string          `json:"ref"`
		Task             string          `json:"task"`
		AutoMerge        *bool           `json:"auto_merge"`
		RequiredContexts *[]string       `json:"required_contexts"`
		Payload          json.RawMessage `json:"payload"`
		Environment      string          `json:"environment"`
		Description      string          `json:"description"`
	}
	s.read(r, &body)
	if body.AutoMerge == nil || *body.AutoMerge || body.RequiredContexts == nil || len(*body.RequiredContexts) > 0 {
		s.complain(r, "it merges the default branch, or waits for other statuses")
	}
	if body.Ref == "" || body.Environment == "" || len([]rune(body.Description)) > 140 {
		s.complain(r, "ref %q, environment %q, description %q", body.Ref, body.Environment, body.Description)
	}
	made := Deployment{ID: s.nextID(), SHA: body.Ref, Task: body.Task, Environment: body.Environment, Description: body.Description, Payload: body.Payload}
	s.deployments = append(s.deployments, made)
	answer(w, http.StatusCreated, made)
}

func (s *Server) deployed(w http.ResponseWriter, r *http.Request, id string) {
	var body struct {
		State          string `json:"state"`
		Description    string `json:"description"`
		LogURL         string `json:"log_url"`
		EnvironmentURL string `json:"environment_url"`
		AutoInactive   *bool  `json:"auto_inactive"`
	}
	s.read(r, &body)
	if !regexp.MustCompile(`^(error|failure|inactive|in_progress|queued|pending|success)$`).MatchString(body.State) || len([]rune(body.Description)) > 140 {
		s.complain(r, "state %q, description %q", body.State, body.Description)
	}
	if body.AutoInactive == nil || *body.AutoInactive {
		s.complain(r, "it makes others inactive, which GitHub does only outside of production")
	}
	number, err := strconv.ParseInt(id, 10, 64)
	i := int(number - firstID)
	if err != nil || i < 0 || i >= len(s.deployments) {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	s.deployments[i].Statuses = append(s.deployments[i].Statuses, Status{State: body.State, Description: body.Description, LogURL: body.LogURL, EnvironmentURL: body.EnvironmentURL})
	answer(w, http.StatusCreated, map[string]any{"id": 1, "state": body.State})
}

func (s *Server) say(w http.ResponseWriter, r *http.Request, commit string) {
	var body struct {
		State       string `json:"state"`
		TargetURL   string `json:"target_url"`
		Description string `json:"description"`
		Context     string `json:"context"`
	}
	s.read(r, &body)
	if !regexp.MustCompile(`^(error|failure|pending|success)$`).MatchString(body.State) || len([]rune(body.Description)) > 140 || body.Context == "" {
		s.complain(r, "state %q, context %q, description %q", body.State, body.Context, body.Description)
	}
	s.commits[commit] = append(s.commits[commit], Status{State: body.State, TargetURL: body.TargetURL, Description: body.Description, Context: body.Context})
	answer(w, http.StatusCreated, map[string]any{"id": 1, "state": body.State})
}

func (s *Server) refer(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Ref string `json:"ref"`
		SHA string `json:"sha"`
	}
	s.read(r, &body)
	if _, taken := s.refs[body.Ref]; taken {
		refuse(w, http.StatusUnprocessableEntity, "Reference already exists")
		return
	}
	if !strings.HasPrefix(body.Ref, "refs/") || strings.Count(body.Ref, "/") < 2 || len(body.SHA) != 40 {
		refuse(w, http.StatusUnprocessableEntity, "Reference name must start with 'refs/'")
		return
	}
	s.refs[body.Ref] = Object{Type: "commit", SHA: body.SHA}
	answer(w, http.StatusCreated, map[string]any{"ref": body.Ref, "object": s.refs[body.Ref]})
}

func (s *Server) look(w http.ResponseWriter, at Object) {
	if at == (Object{}) {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	answer(w, http.StatusOK, map[string]any{"object": at})
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// The one who asked may be gone.
	_ = json.NewEncoder(w).Encode(body)
}
