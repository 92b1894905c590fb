// Package ledgerstore keeps the ledger on one machine: in a file that survives a crash, or in
// memory for simulated worlds. Both implement ledger.Store and both pass ledgertest.Run.
package ledgerstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bbolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/pilotage/pilotage/shared/ledger"
)

// lockWait is how long Open waits for another process to let go of the file: long enough for
// one that is just ending, short enough for a person to see the message.
const lockWait = time.Second

// File is a ledger.Store in one file of bbolt. Each write is one transaction and is on disk
// (fsync) before it is acknowledged; a crash leaves either the old item or the new one. It is
// safe for concurrent use by one process; the file is locked against all others.
type File struct {
	db *bbolt.DB
}

var _ ledger.Store = (*File)(nil)

// InUseError says that another process has the ledger open.
type InUseError struct {
	// File is the path that was given to Open.
	File string
}

// Error tells a person what is in the way.
func (e *InUseError) Error() string {
	return fmt.Sprintf("another pilotage is using %s", e.File)
}

// Open opens the ledger in the file path, which it creates when it is missing; the folder must
// exist. It returns an *InUseError when another process, or another File of this one, still has
// it open after a second. The caller closes the File.
func Open(path string) (*File, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &InUseError{File: path}
	}
	if err != nil {
		return nil, fmt.Errorf("open ledger %q: %w", path, err)
	}
	// bbolt syncs the file but not the folder, and a new file is only there for good once
	// its folder is on disk too.
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %q: %w", path, err), db.Close())
	}
	return &File{db: db}, nil
}

// Close waits for running transactions and lets go of the file. Repeating it is safe.
func (f *File) Close() error {
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("close ledger %q: %w", f.db.Path(), err)
	}
	return nil
}

// Get reads one item. It returns ledger.ErrNotFound when there is none, and an error of class
// fault.Invalid for a key that no Store can hold.
func (f *File) Get(ctx context.Context, partition, sort string) (ledger.Item, error) {
	if err := checkKey(ctx, partition, sort); err != nil {
		return ledger.Item{}, fmt.Errorf("get ledger item %q: %w", sort, err)
	}
	var item ledger.Item
	err := f.db.View(func(tx *bbolt.Tx) error {
		var err error
		item, err = read(tx, partition, sort)
		return err
	})
	if err != nil {
		return ledger.Item{}, fmt.Errorf("get ledger item %q of %q: %w", sort, partition, err)
	}
	return item, nil
}

// Put writes item if the stored version is item.Version, zero meaning none, and returns it with
// its new version. It returns ledger.ErrConflict when the version differs and an error of class
// fault.Invalid for a key or a body that no Store can hold; nothing was changed then. After any
// other error the write may or may not be there: read before repeating.
func (f *File) Put(ctx context.Context, item ledger.Item) (ledger.Item, error) {
	if err := checkItem(ctx, item); err != nil {
		return ledger.Item{}, fmt.Errorf("put ledger item %q: %w", item.Sort, err)
	}
	err := f.db.Update(func(tx *bbolt.Tx) error {
		if err := expect(tx, item.Partition, item.Sort, item.Version); err != nil {
			return err
		}
		bucket, err := tx.CreateBucketIfNotExists([]byte(item.Partition))
		if err != nil {
			return err
		}
		item.Version++
		return bucket.Put([]byte(item.Sort), encode(item))
	})
	if err != nil {
		return ledger.Item{}, fmt.Errorf("put ledger item %q of %q: %w", item.Sort, item.Partition, err)
	}
	return item, nil
}

// Delete removes an item if it is at version. It returns ledger.ErrConflict when it is at
// another, or not there: a repeated Delete conflicts.
func (f *File) Delete(ctx context.Context, partition, sort string, version int64) error {
	if err := checkKey(ctx, partition, sort); err != nil {
		return fmt.Errorf("delete ledger item %q: %w", sort, err)
	}
	err := f.db.Update(func(tx *bbolt.Tx) error {
		if err := expect(tx, partition, sort, version); err != nil {
			return err
		}
		bucket := tx.Bucket([]byte(partition))
		if bucket == nil {
			return ledger.ErrConflict
		}
		return bucket.Delete([]byte(sort))
	})
	if err != nil {
		return fmt.Errorf("delete ledger item %q of %q: %w", sort, partition, err)
	}
	return nil
}

// List returns the items that query selects, in its order, at most its limit. It returns an
// error of class fault.Invalid for a query whose partition, limit or order is out of range.
func (f *File) List(ctx context.Context, query ledger.Query) ([]ledger.Item, error) {
	if err := checkQuery(ctx, query); err != nil {
		return nil, fmt.Errorf("list ledger items of %q: %w", query.Partition, err)
	}
	var items []ledger.Item
	err := f.db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(query.Partition))
		if bucket == nil {
			return nil
		}
		var err error
		items, err = walk(bucket.Cursor(), query)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list ledger items of %q: %w", query.Partition, err)
	}
	return items, nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
