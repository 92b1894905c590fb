package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	os.Exit(m.Run())
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := Table(&out, fixture()); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", out.String())
	for text := range strings.Lines(out.String()) {
		if got := cells(strings.TrimRight(text, "\n")); got > tableWidth {
			t.Errorf("got %d columns, want at most %d: %s", got, tableWidth, text)
		}
	}
}

func TestTableReturnsTheWritersError(t *testing.T) {
	reader, writer := io.Pipe()
	want := errors.New("disk full")
	_ = reader.CloseWithError(want)
	if err := Table(writer, fixture()); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestTableOfAReportWithNothingInIt(t *testing.T) {
	var out bytes.Buffer
	if err := Table(&out, Report{OK: true, Scenarios: []Scenario{{Name: "never", Error: "no docker"}}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "could not be run: no docker") {
		t.Errorf("the error is missing in\n%s", out.String())
	}
}

func TestJSONHasTheDocumentedKeysAndNoNull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	full := fixture().Scenarios[1]
	full.Problems = nil
	for _, s := range []Scenario{full, {Series: []Second{{}}}} {
		if err := WriteJSON(path, Report{Scenarios: []Scenario{{}, s}}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("null")) {
			t.Errorf("got null in\n%s", data)
		}
		var got struct {
			OK        *bool
			Scenarios []map[string]json.RawMessage
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Fields(`name description expected outcome ok problems requests failed
			lost secondsToRestore weights schemaBefore schemaAfter path transitions forecastSeconds
			activeSeconds seconds series mails record`) {
			if _, ok := got.Scenarios[1][key]; !ok {
				t.Errorf("key %q is missing", key)
			}
			delete(got.Scenarios[1], key)
		}
		if len(got.Scenarios[1]) > 0 || got.OK == nil {
			t.Errorf("got further keys %v, or no ok", got.Scenarios[1])
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v, want the report alone", entries, err)
	}
}

func TestJSONOfNothingIsAnEmptyList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := WriteJSON(path, Report{}); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); !bytes.Contains(data, []byte(`"scenarios": []`)) {
		t.Errorf("got %s", data)
	}
}

func TestWritingIntoAMissingFolderNamesThePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "report")
	for _, write := range []func(string, Report) error{WriteJSON, WriteHTML} {
		if err := write(path, fixture()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want one about %s", err, path)
		}
	}
}

func writtenHTML(t *testing.T, r Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := WriteHTML(path, r); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHTMLStructure(t *testing.T) {
	golden(t, "report.outline.txt", outline(t, writtenHTML(t, fixture())))
}

// outline is the page's texts, each with the element it stands in. It fails for elements that
// are not closed.
func outline(t *testing.T, page string) string {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!doctype html>")))
	decoder.Strict = false
	decoder.AutoClose = []string{"meta", "link", "wbr"}
	decoder.Entity = xml.HTMLEntity
	var open []string
	var b strings.Builder
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			for _, attribute := range token.Attr {
				if attribute.Name.Local == "class" {
					name += "." + strings.ReplaceAll(attribute.Value, " ", ".")
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			text := strings.TrimSpace(string(token))
			if text != "" && open[len(open)-1] != "style" {
				fmt.Fprintf(&b, "%s: %s\n", open[len(open)-1], text)
			}
		}
	}
}

func TestHTMLNeedsNothingButItself(t *testing.T) {
	page := writtenHTML(t, fixture())
	for _, pattern := range []string{
		`(?i)https?:`, `(?i)<script`, `(?i)\bsrc=`, `(?i)@import`, `(?i)url\([^#]`, `(?i)\bon[a-z]+=`, `style="`,
		`(?i)href="[^#d]`, `NaN|Inf\b`, `ZgotmplZ`,
	} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("got %q in the page", found)
		}
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") && !strings.Contains(page, "default-src 'none'") {
		t.Error("the page has no content security policy")
	}
}

const hostile = "<script>alert(1)</script>\x1b[2J\x1b]0;owned\a\r\n\u202eevil\"'"

func hostileScenario() Scenario {
	s := errorsScenario()
	s.Name, s.Description, s.Outcome, s.Expected = hostile, hostile, hostile, hostile
	s.OK, s.Problems, s.Error, s.Record = false, []string{hostile}, hostile, hostile
	s.Mails = []Mail{{To: hostile, Subject: hostile, Body: hostile}}
	for i := range s.Path {
		s.Path[i].State, s.Path[i].Machine = hostile, hostile
	}
	s.Series[3].Releases[hostile] = Tally{Requests: 50}
	return s
}

func TestHostileTextStaysText(t *testing.T) {
	r := Report{Scenarios: []Scenario{hostileScenario()}}
	var table bytes.Buffer
	if err := Table(&table, r); err != nil {
		t.Fatal(err)
	}
	page := writtenHTML(t, r)
	if strings.Contains(page, "<script") {
		t.Error("the page has a script")
	}
	for name, text := range map[string]string{"table": table.String(), "page": page} {
		if strings.ContainsAny(text, "\x1b\a\r\u202e") {
			t.Errorf("the %s has control characters", name)
		}
	}
}

func TestHTMLOfAScenarioThatNeverRan(t *testing.T) {
	page := writtenHTML(t, Report{Scenarios: []Scenario{{Name: "never", Error: "no docker"}, {}}})
	if !strings.Contains(page, "could not be run: no docker") || strings.Contains(page, "NaN") {
		t.Errorf("got\n%s", outline(t, page))
	}
}
