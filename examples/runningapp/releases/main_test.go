package releases_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/shared/migration"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func versions() []string {
	return []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0"}
}

// strictly reads a YAML file into a type with JSON names and refuses unknown fields.
func strictly(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	var loose any
	if err := yaml.Unmarshal(content, &loose); err != nil {
		t.Fatalf("read %q: %v", path, err)
	}
	asJSON, err := json.Marshal(loose)
	must(t, err)
	decoder := json.NewDecoder(bytes.NewReader(asJSON))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("decode %q: %v", path, err)
	}
}

func migrations(t *testing.T, version string) migration.Set {
	t.Helper()
	set, err := migration.Parse(os.DirFS(filepath.Join(version, "migrations")))
	must(t, err)
	return set
}

// database returns the URL of a new database with the schema of a release.
func database(t *testing.T, version string) string {
	t.Helper()
	dsn := pgtest.Database(t)
	db, err := migration.Open(dsn, migration.Timeouts{Lock: time.Second, Statement: 10 * time.Second})
	must(t, err)
	defer func() { must(t, db.Close()) }()
	_, err = migration.Migrator{DB: db, Set: migrations(t, version)}.Expand(t.Context())
	must(t, err)
	return dsn
}

// build makes the programs of all releases and returns the directory with them.
func build(t *testing.T) string {
	t.Helper()
	// What go build reads is unknown to the cache of go test; what this test looks at is not.
	must(t, filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		_, err = os.Stat(path)
		return err
	}))
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", dir+"/", "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("build the releases: %v\n%s", err, out)
	}
	return dir
}

// program is a running release.
type program struct {
	command *exec.Cmd
	lines   *bufio.Scanner
	base    string // URL
}

func run(t *testing.T, path, dsn string) program {
	t.Helper()
	command := exec.CommandContext(t.Context(), path)
	command.Env = []string{"ADDRESS=127.0.0.1:0", "DATABASE_URL=" + dsn, "LOG_LEVEL=warn"}
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	p := program{command: command, lines: bufio.NewScanner(out)}
	_, address, ok := strings.Cut(p.line(), " listening on ")
	if !ok {
		t.Fatalf("%s did not listen: %v", path, command.Wait())
	}
	p.base = "http://" + address
	return p
}

// line is the next line of standard output, "" at the end.
func (p program) line() string {
	p.lines.Scan()
	return p.lines.Text()
}

// stop sends SIGTERM and expects an orderly end.
func (p program) stop(t *testing.T) {
	t.Helper()
	must(t, p.command.Process.Signal(syscall.SIGTERM))
	must(t, p.command.Wait())
}

// ask makes one request; header is name and value in turn.
func (p program) ask(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.base+path, strings.NewReader(body))
	must(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	must(t, err)
	answer, err := io.ReadAll(res.Body)
	must(t, err)
	must(t, res.Body.Close())
	return res, string(answer)
}
