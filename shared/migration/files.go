package migration

import (
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// files is a file system with the given migrations as they were parsed and lint-checked, whatever
// became of their source since.
type files []Migration

// Open opens a file, or the root, which cannot be read as a directory by it.
func (f files) Open(name string) (fs.File, error) {
	i := slices.IndexFunc(f, func(m Migration) bool { return m.Name == name })
	if i < 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openFile{entry: entry{f[i]}, Reader: strings.NewReader(f[i].content)}, nil
}

// ReadDir lists the root.
func (f files) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var entries []fs.DirEntry
	for _, m := range f {
		entries = append(entries, fs.FileInfoToDirEntry(entry{m}))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

type openFile struct {
	io.Reader
	entry entry
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *openFile) Close() error               { return nil }

type entry struct{ m Migration }

func (e entry) Name() string       { return e.m.Name }
func (e entry) Size() int64        { return int64(len(e.m.content)) }
func (e entry) Mode() fs.FileMode  { return 0o444 }
func (e entry) ModTime() time.Time { return time.Time{} }
func (e entry) IsDir() bool        { return false }
func (e entry) Sys() any           { return nil }
