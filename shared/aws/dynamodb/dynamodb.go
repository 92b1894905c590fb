// Package dynamodb keeps the ledger in a table: it implements ledger.Store.
//
// The table's partition key is the string "partition", its sort key the string "sort". TTL is
// to be on for the number "ttl", the second after which DynamoDB may forget the item.
package dynamodb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/ledger"
)

// api is the calls that are made.
type api interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

// Store is a table. It is safe for concurrent use.
type Store struct {
	api   api
	table string
}

var _ ledger.Store = Store{}

// New is the Store of a table. It makes no call.
func New(cfg aws.Config, table string) Store {
	return Store{api: dynamodb.NewFromConfig(cfg), table: table}
}

// Get reads one item, strongly consistent.
func (s Store) Get(ctx context.Context, partition, sort string) (ledger.Item, error) {
	if err := checkKey(ctx, partition, sort); err != nil {
		return ledger.Item{}, err
	}
	answer, err := s.api.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(s.table), Key: key(partition, sort), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return ledger.Item{}, s.wrap(err, "read", "GetItem", partition, sort)
	}
	if len(answer.Item) == 0 {
		return ledger.Item{}, ledger.ErrNotFound
	}
	return decode(answer.Item)
}

// Put writes an item under the condition of its version. A reply that was lost does no harm:
// when the SDK's next attempt meets the condition that its own write has broken, the item
// carries this call's mark, and the write counts as done.
func (s Store) Put(ctx context.Context, item ledger.Item) (ledger.Item, error) {
	if err := checkItem(ctx, item); err != nil {
		return ledger.Item{}, err
	}
	mark := rand.Text()
	input := &dynamodb.PutItemInput{
		TableName: aws.String(s.table), ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ExpressionAttributeNames: map[string]string{"#version": attributeVersion},
	}
	expected := item.Version
	item.Version++
	input.Item = encode(item, mark)
	if expected == 0 {
		input.ConditionExpression = aws.String("attribute_not_exists(#version)")
	} else {
		input.ConditionExpression = aws.String("#version = :expected")
		input.ExpressionAttributeValues = map[string]types.AttributeValue{":expected": number(expected)}
	}
	_, err := s.api.PutItem(ctx, input)
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		if text(refused.Item, attributeMark) == mark {
			return item, nil
		}
		return ledger.Item{}, ledger.ErrConflict
	}
	if err != nil {
		return ledger.Item{}, s.wrap(err, "write", "PutItem", item.Partition, item.Sort)
	}
	return item, nil
}

// Delete removes an item that is at version. After a lost reply the SDK's next attempt finds
// nothing, which is ErrConflict.
func (s Store) Delete(ctx context.Context, partition, sort string, version int64) error {
	if err := checkKey(ctx, partition, sort); err != nil {
		return err
	}
	_, err := s.api.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: aws.String(s.table), Key: key(partition, sort),
		ConditionExpression:       aws.String("#version = :expected"),
		ExpressionAttributeNames:  map[string]string{"#version": attributeVersion},
		ExpressionAttributeValues: map[string]types.AttributeValue{":expected": number(version)},
	})
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		return ledger.ErrConflict
	}
	return s.wrap(err, "delete", "DeleteItem", partition, sort)
}

// List reads as many pages as it takes: one holds at most 1 MB.
func (s Store) List(ctx context.Context, query ledger.Query) ([]ledger.Item, error) {
	if err := checkQuery(ctx, query); err != nil {
		return nil, err
	}
	input := &dynamodb.QueryInput{
		TableName: aws.String(s.table), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(query.Order == ledger.Ascending),
		KeyConditionExpression:    aws.String("#partition = :partition"),
		ExpressionAttributeNames:  map[string]string{"#partition": attributePartition},
		ExpressionAttributeValues: map[string]types.AttributeValue{":partition": &types.AttributeValueMemberS{Value: query.Partition}},
	}
	if query.Prefix != "" {
		input.KeyConditionExpression = aws.String("#partition = :partition AND begins_with(#sort, :prefix)")
		input.ExpressionAttributeNames["#sort"] = attributeSort
		input.ExpressionAttributeValues[":prefix"] = &types.AttributeValueMemberS{Value: query.Prefix}
	}
	items := []ledger.Item{}
	for len(items) < query.Limit {
		input.Limit = aws.Int32(int32(query.Limit - len(items))) //nolint:gosec // at most 1000
		page, err := s.api.Query(ctx, input)
		if err != nil {
			return nil, s.wrap(err, "list", "Query", query.Partition, query.Prefix+"*")
		}
		for _, attributes := range page.Items {
			item, err := decode(attributes)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		if len(page.LastEvaluatedKey) == 0 {
			break
		}
		input.ExclusiveStartKey = page.LastEvaluatedKey
	}
	return items, nil
}

func (s Store) wrap(err error, verb, action, partition, sort string) error {
	return awserr.Wrap(err, awserr.Call{
		Doing:  fmt.Sprintf("%s %q of %q in table %q", verb, sort, partition, s.table),
		Action: "dynamodb:" + action, Setting: "PILOTAGE_LEDGER_TABLE",
	})
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// second is the Unix time of a moment, rounded up: never earlier than asked for.
func second(t time.Time) int64 { return t.Add(time.Second - time.Nanosecond).Unix() }
