package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file of a snapshot.
type File struct {
	// Path is relative to the data directory, with slashes.
	Path string `json:"path"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is the content's digest in hexadecimal.
	SHA256 string `json:"sha256"`
}

// copyFile copies the file that the path names from one root to another. The digest is that of
// the bytes that were copied, whatever the source became meanwhile.
func copyFile(ctx context.Context, from, to, path string) (_ File, err error) {
	if err := ctx.Err(); err != nil {
		return File{}, err
	}
	source, err := os.Open(filepath.Join(from, filepath.FromSlash(path)))
	if err != nil {
		return File{}, err
	}
	defer source.Close() //nolint:errcheck // only read
	target, err := os.OpenFile(filepath.Join(to, filepath.FromSlash(path)), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return File{}, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(target, digest), source)
	return File{Path: path, Size: size, SHA256: hex.EncodeToString(digest.Sum(nil))}, err
}

// syncTree waits until everything below dir is on disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			return nil
		}
		return syncPath(path)
	})
}

// syncPath waits until a file's content, or a directory's entries, are on disk.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// replaceFile writes a file that is there whole or not at all, also after a power cut.
func replaceFile(path string, content []byte) error {
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o600); err != nil {
		return err
	}
	if err := syncPath(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}
