package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/ledger/ledgertest"
)

// table makes a table as infra does.
func table(t *testing.T, cfg aws.Config) Store {
	t.Helper()
	client, name := dynamodb.NewFromConfig(cfg), awstest.Name("ledger")
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("partition"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sort"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("partition"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sort"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(cfg, name)
}

// serial makes one request at a time. The emulator (moto 5.2) checks a condition and stores the
// item without a lock, and with 50 clients of the bare SDK about one race in 60 had two winners.
// So over the wire the parts of the contract that race test this package, and not that the
// service is atomic: that DynamoDB promises, and only DynamoDB can show.
type serial struct {
	mu     sync.Mutex
	client aws.HTTPClient
}

func (s *serial) Do(request *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client.Do(request)
}

func TestStoreOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	cfg.HTTPClient = &serial{client: cfg.HTTPClient}
	ledgertest.Run(t, func(t *testing.T) ledger.Store { return table(t, cfg) })
}

func TestMissingTableOverTheWire(t *testing.T) {
	_, err := New(awstest.Open(t), "no-such-table").Get(t.Context(), "p", "s")
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("got error %v, want one of class Invalid", err)
	}
}

// fake is a table in which the replies to some writes are lost.
type fake struct {
	api
	item  map[string]types.AttributeValue
	lose  bool
	fail  error
	pages []*dynamodb.QueryOutput
	asked []*dynamodb.QueryInput
}

// PutItem writes and, when the reply is to be lost, is tried again as the SDK does.
func (f *fake) PutItem(_ context.Context, input *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	wanted, found := "0", "0"
	if value, ok := input.ExpressionAttributeValues[":expected"].(*types.AttributeValueMemberN); ok {
		wanted = value.Value
	}
	if value, ok := f.item[attributeVersion].(*types.AttributeValueMemberN); ok {
		found = value.Value
	}
	if wanted != found {
		return nil, fmt.Errorf("operation: %w", &types.ConditionalCheckFailedException{Item: f.item})
	}
	f.item = input.Item
	if f.lose {
		f.lose = false
		return f.PutItem(context.Background(), input)
	}
	return &dynamodb.PutItemOutput{}, nil
}

func (f *fake) Query(_ context.Context, input *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	one := *input
	f.asked = append(f.asked, &one)
	page := f.pages[0]
	f.pages = f.pages[1:]
	return page, nil
}

func TestPutSurvivesALostReply(t *testing.T) {
	f := &fake{lose: true}
	got, err := Store{api: f, table: "t"}.Put(t.Context(), ledger.Item{Partition: "p", Sort: "s", Body: []byte(`{}`)})
	if err != nil || got.Version != 1 {
		t.Fatalf("got version %d and error %v, want the write to count as done", got.Version, err)
	}
	// Somebody else's write is a conflict all the same.
	_, err = Store{api: f, table: "t"}.Put(t.Context(), ledger.Item{Partition: "p", Sort: "s", Body: []byte(`{}`)})
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("got error %v, want ErrConflict", err)
	}
}

func TestPutClassifies(t *testing.T) {
	for code, want := range map[string]fault.Class{
		"ProvisionedThroughputExceededException": fault.Transient, "ThrottlingException": fault.Transient,
		"ResourceNotFoundException": fault.Invalid, "AccessDeniedException": fault.Invalid, "ExpiredTokenException": fault.Internal,
		"ValidationException": fault.Internal,
	} {
		f := &fake{fail: &smithy.GenericAPIError{Code: code}}
		_, err := Store{api: f, table: "t"}.Put(t.Context(), ledger.Item{Partition: "p", Sort: "s", Body: []byte(`{}`)})
		if !fault.Is(err, want) {
			t.Errorf("%s: got error %v, want one of class %s", code, err, want)
		}
	}
}

func TestListReadsPagesUntilTheLimit(t *testing.T) {
	item := func(sort string) map[string]types.AttributeValue {
		return encode(ledger.Item{Partition: "p", Sort: sort, Version: 1, Body: []byte(`{}`)}, "m")
	}
	// A page may be empty and yet not the last.
	f := &fake{pages: []*dynamodb.QueryOutput{
		{Items: []map[string]types.AttributeValue{item("a"), item("b")}, LastEvaluatedKey: key("p", "b")},
		{LastEvaluatedKey: key("p", "c")},
		{Items: []map[string]types.AttributeValue{item("d")}, LastEvaluatedKey: key("p", "d")},
	}}
	got, err := Store{api: f, table: "t"}.List(t.Context(), ledger.Query{Partition: "p", Limit: 3})
	if err != nil || len(got) != 3 {
		t.Fatalf("got %d items and error %v, want 3", len(got), err)
	}
	if last := f.asked[2]; *last.Limit != 1 || text(last.ExclusiveStartKey, attributeSort) != "c" || !*last.ConsistentRead {
		t.Errorf("the last page was asked for with limit %d from %q", *last.Limit, text(last.ExclusiveStartKey, attributeSort))
	}
}
