package dynamodb

import (
	"context"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// DynamoDB's limits on keys (Developer Guide, "Constraints") and the ledger's on bodies and
// queries. They are checked here because DynamoDB's own messages do not say which key it was.
const (
	maxPartition = 2048
	maxSort      = 1024
	maxBody      = 256 << 10
	maxLimit     = 1000
)

func checkItem(ctx context.Context, item ledger.Item) error {
	if err := checkKey(ctx, item.Partition, item.Sort); err != nil {
		return err
	}
	if !utf8.Valid(item.Body) {
		return fault.New(fault.Invalid, "the body of %q is not UTF-8, so it is no JSON", item.Sort)
	}
	if len(item.Body) > maxBody {
		return fault.New(fault.Invalid, "the body has %d bytes, more than the %d that an item may have", len(item.Body), maxBody)
	}
	return nil
}

func checkKey(ctx context.Context, partition, sort string) error {
	if err := checkPart("partition", partition, maxPartition); err != nil {
		return err
	}
	if err := checkPart("sort key", sort, maxSort); err != nil {
		return err
	}
	return ctx.Err()
}

func checkQuery(ctx context.Context, query ledger.Query) error {
	if err := checkPart("partition", query.Partition, maxPartition); err != nil {
		return err
	}
	if query.Limit < 1 || query.Limit > maxLimit {
		return fault.New(fault.Invalid, "the limit is %d, not from 1 to %d", query.Limit, maxLimit)
	}
	if query.Order != ledger.Ascending && query.Order != ledger.Descending {
		return fault.New(fault.Invalid, "the order is %d, neither ascending nor descending", query.Order)
	}
	if query.Prefix != "" {
		if err := checkPart("prefix", query.Prefix, maxSort); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func checkPart(name, value string, limit int) error {
	if value == "" {
		return fault.New(fault.Invalid, "the %s is empty", name)
	}
	if len(value) > limit {
		return fault.New(fault.Invalid, "the %s has %d bytes, more than %d", name, len(value), limit)
	}
	if !utf8.ValidString(value) {
		return fault.New(fault.Invalid, "the %s %q is not UTF-8", name, value)
	}
	return nil
}
