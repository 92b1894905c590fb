package ledgerstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	bbolt "go.etcd.io/bbolt"

	"github.com/pilotage/pilotage/shared/ledger"
)

// A value is: format (1 byte), version (8), expiry in seconds (8) and nanoseconds (4), body.
const (
	format     = 1
	headerSize = 1 + 8 + 8 + 4
)

// read reads one item within a transaction.
func read(tx *bbolt.Tx, partition, sort string) (ledger.Item, error) {
	bucket := tx.Bucket([]byte(partition))
	if bucket == nil {
		return ledger.Item{}, ledger.ErrNotFound
	}
	value := bucket.Get([]byte(sort))
	if value == nil {
		return ledger.Item{}, ledger.ErrNotFound
	}
	return decode(partition, sort, value)
}

// expect returns ledger.ErrConflict unless the item is at version, zero meaning absent.
func expect(tx *bbolt.Tx, partition, sort string, version int64) error {
	var stored int64
	if bucket := tx.Bucket([]byte(partition)); bucket != nil {
		if value := bucket.Get([]byte(sort)); value != nil {
			item, err := decode(partition, sort, value)
			if err != nil {
				return err
			}
			stored = item.Version
		}
	}
	if stored != version {
		return ledger.ErrConflict
	}
	return nil
}

// walk moves the cursor over the keys that have the query's prefix.
func walk(cursor *bbolt.Cursor, query ledger.Query) ([]ledger.Item, error) {
	prefix := []byte(query.Prefix)
	var items []ledger.Item
	next := cursor.Next
	key, value := cursor.Seek(prefix)
	if query.Order == ledger.Descending {
		next = cursor.Prev
		key, value = seekLast(cursor, prefix)
	}
	for ; bytes.HasPrefix(key, prefix) && key != nil && len(items) < query.Limit; key, value = next() {
		item, err := decode(query.Partition, string(key), value)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// seekLast finds the last key that can have the prefix.
func seekLast(cursor *bbolt.Cursor, prefix []byte) (key, value []byte) {
	// No key in UTF-8 contains 0xff, so this is greater than all keys of the prefix.
	if after, _ := cursor.Seek(append(bytes.Clone(prefix), 0xff)); after == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}

func encode(item ledger.Item) []byte {
	value := make([]byte, 0, headerSize+len(item.Body))
	value = append(value, format)
	value = binary.BigEndian.AppendUint64(value, uint64(item.Version))
	value = binary.BigEndian.AppendUint64(value, uint64(item.ExpiresAt.Unix()))
	value = binary.BigEndian.AppendUint32(value, uint32(item.ExpiresAt.Nanosecond()))
	return append(value, item.Body...)
}

// decode copies what it returns: bbolt's memory is only valid within the transaction.
func decode(partition, sort string, value []byte) (ledger.Item, error) {
	if len(value) < headerSize || value[0] != format {
		return ledger.Item{}, fmt.Errorf("the stored item is not in format %d: was the file written by a newer version?", format)
	}
	seconds := int64(binary.BigEndian.Uint64(value[9:17]))
	nanoseconds := int64(binary.BigEndian.Uint32(value[17:21]))
	return ledger.Item{
		Partition: partition,
		Sort:      sort,
		Version:   int64(binary.BigEndian.Uint64(value[1:9])),
		// The zero time survives this: its Unix seconds give a time that is zero again.
		ExpiresAt: time.Unix(seconds, nanoseconds).UTC(),
		Body:      bytes.Clone(value[headerSize:]),
	}, nil
}
