package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is one file of the module, by its path in it.
type source struct {
	path string
	set  *token.FileSet
	file *ast.File
	// virtual says that tests of the same folder run in bubbles of testing/synctest, in which
	// sleeping takes no time.
	virtual bool
}

func (s source) isTest() bool    { return strings.HasSuffix(s.path, "_test.go") }
func (s source) isProgram() bool { return s.file.Name.Name == "main" }

// at is a defect with its place.
func (s source) at(n ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.set.Position(n.Pos()).Line, fmt.Sprintf(format, args...))
}

// imports reports whether the file imports the package.
func (s source) imports(pkg string) bool {
	return slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"`+pkg+`"` })
}

// files parses every Go file of the module.
func files(t *testing.T) []source {
	t.Helper()
	var sources []source
	const root = "../.."
	err := filepath.WalkDir(root, func(found string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		skipped := name == "node_modules" || name == "testdata" || name == "cdk.out" || name == "build"
		if entry.IsDir() && found != root && (skipped || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, found, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("parse %q: %w", found, err)
		}
		inside, err := filepath.Rel(root, found)
		sources = append(sources, source{path: filepath.ToSlash(inside), set: set, file: file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 50 {
		t.Fatalf("found %d Go files; the test does not look where the code is", len(sources))
	}
	return bubbles(sources)
}

// bubbles marks the files of folders whose tests use testing/synctest.
func bubbles(sources []source) []source {
	virtual := map[string]bool{}
	for _, s := range sources {
		virtual[path.Dir(s.path)] = virtual[path.Dir(s.path)] || s.isTest() && s.imports("testing/synctest")
	}
	for i, s := range sources {
		sources[i].virtual = virtual[path.Dir(s.path)]
	}
	return sources
}
