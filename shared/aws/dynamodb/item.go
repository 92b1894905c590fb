package dynamodb

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// The attributes of an item. The body is a string, so that a person can read it in the
// console.
const (
	attributePartition = "partition"
	attributeSort      = "sort"
	attributeVersion   = "version"
	attributeBody      = "body"
	// attributeTTL is in seconds, as DynamoDB wants it; attributeExpires keeps the moment
	// exactly.
	attributeTTL     = "ttl"
	attributeExpires = "expiresAt"
	// attributeMark is different for each write.
	attributeMark = "mark"
)

func key(partition, sort string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		attributePartition: &types.AttributeValueMemberS{Value: partition},
		attributeSort:      &types.AttributeValueMemberS{Value: sort},
	}
}

func encode(item ledger.Item, mark string) map[string]types.AttributeValue {
	attributes := key(item.Partition, item.Sort)
	attributes[attributeVersion] = number(item.Version)
	attributes[attributeBody] = &types.AttributeValueMemberS{Value: string(item.Body)}
	attributes[attributeMark] = &types.AttributeValueMemberS{Value: mark}
	if !item.ExpiresAt.IsZero() {
		attributes[attributeTTL] = number(second(item.ExpiresAt))
		attributes[attributeExpires] = &types.AttributeValueMemberS{Value: item.ExpiresAt.UTC().Format(time.RFC3339Nano)}
	}
	return attributes
}

// decode reads an item. One that was not written by a Store is fault.Internal.
func decode(attributes map[string]types.AttributeValue) (ledger.Item, error) {
	item := ledger.Item{
		Partition: text(attributes, attributePartition), Sort: text(attributes, attributeSort), Body: []byte(text(attributes, attributeBody)),
	}
	version, _ := attributes[attributeVersion].(*types.AttributeValueMemberN)
	var err error
	if version == nil {
		return ledger.Item{}, fault.New(fault.Internal, "decode item %q of %q: it has no version", item.Sort, item.Partition)
	}
	if item.Version, err = strconv.ParseInt(version.Value, 10, 64); err != nil {
		return ledger.Item{}, fault.New(fault.Internal, "decode the version of item %q of %q: %w", item.Sort, item.Partition, err)
	}
	if expires := text(attributes, attributeExpires); expires != "" {
		if item.ExpiresAt, err = time.Parse(time.RFC3339Nano, expires); err != nil {
			return ledger.Item{}, fault.New(fault.Internal, "decode the expiry of item %q of %q: %w", item.Sort, item.Partition, err)
		}
	}
	return item, nil
}

// text is a string attribute, empty when there is none.
func text(attributes map[string]types.AttributeValue, name string) string {
	if value, ok := attributes[name].(*types.AttributeValueMemberS); ok {
		return value.Value
	}
	return ""
}
