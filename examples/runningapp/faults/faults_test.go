package faults_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/examples/runningapp/faults"
)

// others are requests that no user makes.
func others() []*http.Request {
	probe := httptest.NewRequest("GET", "/runs", nil)
	probe.Header.Set("X-Pilotage-Probe", "d-1")
	smoke := httptest.NewRequest("POST", "/runs", nil)
	smoke.Header.Set("X-Pilotage-Slot", "green")
	return []*http.Request{probe, smoke, httptest.NewRequest("GET", "/health/readiness", nil)}
}

func created(took time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(took)
		w.Header().Set("Location", "/runs/1")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("made"))
	})
}

func discard() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

func TestEverySecondFailsHalfOfTheUsersAndNobodyElse(t *testing.T) {
	handler := faults.EverySecond(discard(), created(0))
	for i := range 100 {
		for _, r := range others() {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusCreated {
				t.Fatalf("%s %s: got %d, want 201", r.Method, r.URL, w.Code)
			}
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/runs", nil))
		want := http.StatusCreated
		if i%2 == 1 {
			want = http.StatusInternalServerError
		}
		if w.Code != want {
			t.Errorf("request %d of users: got %d, want %d", i+1, w.Code, want)
		}
	}
}

func TestSlowerChangesNothingButTheTime(t *testing.T) {
	tests := map[string]struct{ took, want time.Duration }{
		"by the factor":   {50 * time.Millisecond, 150 * time.Millisecond},
		"up to the floor": {time.Millisecond, 40 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := faults.Slower(3, 40*time.Millisecond)(discard(), created(test.took))
				measure := func(r *http.Request, want time.Duration) {
					begin, w := time.Now(), httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if got := time.Since(begin); got != want {
						t.Errorf("%s %s took %s, want %s", r.Method, r.URL, got, want)
					}
					if w.Code != http.StatusCreated || w.Body.String() != "made" || w.Header().Get("Location") != "/runs/1" {
						t.Errorf("%s %s: got %d %q, want what the handler answered", r.Method, r.URL, w.Code, w.Body)
					}
				}
				measure(httptest.NewRequest("GET", "/runs", nil), test.want)
				for _, r := range others() {
					measure(r, test.took)
				}
			})
		})
	}
}

func TestReasonsAreTold(t *testing.T) {
	if got := faults.NeverReady("cold")(t.Context()).Error(); got != "cold" {
		t.Errorf("never ready: got %q, want cold", got)
	}
	if got := faults.FailsToStart("no file")(t.Context(), discard()).Error(); got != "no file" {
		t.Errorf("fails to start: got %q, want no file", got)
	}
}
