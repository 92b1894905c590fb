package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ScriptVariable is the environment variable that says where the emulation's program is.
const ScriptVariable = "AWSLAB"

// Place is an installed emulation.
type Place struct {
	// Python is the interpreter, and Script the program that it runs.
	Python, Script string
	// Evaluator is the JSONata evaluator beside Script; it finds its package in Root.
	Evaluator string
	// Root is the root of the repository, where all of it runs.
	Root string
}

// ErrMissing says that the emulation, or what it needs, is not installed here.
var ErrMissing = errors.New("the emulation of AWS is not installed")

// probe fails when a package that the emulation imports is not there. It imports none of them:
// that takes seconds.
const probe = `import importlib.util, sys
missing = [m for m in ("moto", "flask", "antlr4", "boto3") if importlib.util.find_spec(m) is None]
print(", ".join(missing))
sys.exit(1 if missing else 0)`

// Find looks for the emulation: its program at $AWSLAB, or else in a folder shared beside the
// repository; python3 with moto; node, and node_modules/jsonata under the repository's root. What
// is not there is an ErrMissing that says how to get it.
func Find(ctx context.Context, getenv func(string) string) (Place, error) {
	root, err := findRoot()
	if err != nil {
		return Place{}, err
	}
	script := getenv(ScriptVariable)
	if script == "" {
		script = filepath.Join("..", "shared", "awslab", "awslab.py")
	}
	if !filepath.IsAbs(script) {
		script = filepath.Join(root, script)
	}
	place := Place{Script: script, Evaluator: filepath.Join(filepath.Dir(script), "jsonata_server.js"), Root: root}
	for _, file := range []struct{ path, remedy string }{
		{place.Script, "set " + ScriptVariable + " to the path of awslab.py"},
		{place.Evaluator, "it belongs beside awslab.py"},
		{filepath.Join(root, "node_modules", "jsonata", "package.json"), "run npm ci"},
	} {
		if _, err := os.Stat(file.path); err != nil {
			return Place{}, fmt.Errorf("%w: %s is not there; %s", ErrMissing, file.path, file.remedy)
		}
	}
	if _, err := exec.LookPath("node"); err != nil {
		return Place{}, fmt.Errorf("%w: no node in PATH; install Node 20", ErrMissing)
	}
	if place.Python, err = exec.LookPath("python3"); err != nil {
		return Place{}, fmt.Errorf("%w: no python3 in PATH", ErrMissing)
	}
	if out, err := exec.CommandContext(ctx, place.Python, "-c", probe).Output(); err != nil {
		return Place{}, fmt.Errorf("%w: python3 lacks %s; pip install 'moto[server]'", ErrMissing, out)
	}
	return place, nil
}

// findRoot is the nearest folder, from the working directory upwards, that holds go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no folder above the working directory holds go.mod")
		}
		dir = parent
	}
}
