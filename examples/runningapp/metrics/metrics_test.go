package metrics_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/examples/runningapp/metrics"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden lines")
	flag.Parse()
	os.Exit(m.Run())
}

func told() map[string]string {
	return map[string]string{
		"PILOTAGE_METRICS_NAMESPACE": "Pilotage", "PILOTAGE_SERVICE": "running-app", "PILOTAGE_ENVIRONMENT": "staging", "PILOTAGE_SLOT": "green",
	}
}

func read(t *testing.T, settings map[string]string) (*metrics.Meter, error) {
	t.Helper()
	return metrics.Read(t.Context(), envconfig.MapLookuper(settings), metrics.By{Release: "1.1.0", Instance: "one"})
}

// handler answers as the path says.
func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	mux.HandleFunc("/failed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/health/readiness", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	return mux
}

// ask makes requests, one after the other.
func ask(handler http.Handler, paths ...string) {
	for _, path := range paths {
		func() {
			defer func() { _ = recover() }()
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		}()
	}
}

// TestALineEachSecond: zeros included, and the rest at the end. In the bubble it is the year 2000.
func TestALineEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		meter, err := read(t, told())
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		served := meter.Around(handler())
		time.Sleep(400 * time.Millisecond) // between two seconds, as processes start
		stop := meter.Start(&out)
		ask(served, "/", "/failed", "/early", "/cut", "/health/readiness")
		time.Sleep(700 * time.Millisecond)
		ask(served, "/refused") // in the next second, which is no line yet
		time.Sleep(1800 * time.Millisecond)
		stop()
		golden := filepath.Join("testdata", "lines.golden")
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != string(want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// TestEveryLineIsWhatTheFormatAsksFor: a metric or a dimension that a line names is in the line.
func TestEveryLineIsWhatTheFormatAsksFor(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "lines.golden"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for one := range strings.Lines(string(text)) {
		lines++
		var values map[string]any
		var about struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct {
						Name, Unit        string
						StorageResolution int
					}
				}
			} `json:"_aws"`
		}
		for _, into := range []any{&values, &about} {
			if err := json.Unmarshal([]byte(one), into); err != nil {
				t.Fatalf("%s: %v", one, err)
			}
		}
		if about.AWS.Timestamp == 0 || len(about.AWS.CloudWatchMetrics) != 1 {
			t.Fatalf("got %s", one)
		}
		directive := about.AWS.CloudWatchMetrics[0]
		if directive.Namespace == "" || len(directive.Dimensions) != 1 || len(directive.Metrics) != 2 {
			t.Errorf("got %+v", directive)
		}
		for _, dimension := range directive.Dimensions[0] {
			if text, is := values[dimension].(string); !is || text == "" {
				t.Errorf("dimension %s is %v", dimension, values[dimension])
			}
		}
		for _, metric := range directive.Metrics {
			if _, is := values[metric.Name].(float64); !is || metric.Unit != "Count" || metric.StorageResolution != 1 {
				t.Errorf("metric %+v is %v", metric, values[metric.Name])
			}
		}
	}
	if lines != 3 {
		t.Errorf("got %d lines, want 3", lines)
	}
}

// TestOffUnlessAskedFor: on one machine a person reads the output.
func TestOffUnlessAskedFor(t *testing.T) {
	settings := told()
	delete(settings, "PILOTAGE_METRICS_NAMESPACE")
	meter, err := read(t, settings)
	if meter != nil || err != nil {
		t.Fatalf("got %v and error %v, want none", meter, err)
	}
	var out bytes.Buffer
	stop := meter.Start(&out)
	ask(meter.Around(handler()), "/")
	stop()
	if out.Len() > 0 {
		t.Errorf("it wrote %s", &out)
	}
}

func TestANamespaceNeedsItsNames(t *testing.T) {
	for name := range told() {
		if name == "PILOTAGE_METRICS_NAMESPACE" {
			continue
		}
		settings := told()
		delete(settings, name)
		if _, err := read(t, settings); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: got %v", name, err)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	meter, err := metrics.Read(b.Context(), envconfig.MapLookuper(told()), metrics.By{})
	if err != nil {
		b.Fatal(err)
	}
	served := meter.Around(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		served.ServeHTTP(w, r)
	}
}
