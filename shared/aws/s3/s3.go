// Package s3 keeps documents and releases in a bucket: it implements record.Archive and
// release.Catalog.
//
// A release is three kinds of object, all below releases/SERVICE/:
//
//	DIGEST/release.json      the deploy.Release
//	DIGEST/migrations.zip    its migration files, at the root of the archive
//	commits/COMMIT           the digest, by commit
//	versions/VERSION         the digest, by version
//
// The index is written last, so that what is found is complete.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/fault"
)

// api is the calls that are made.
type api interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Bucket is a bucket of documents and releases. It is safe for concurrent use.
type Bucket struct {
	api  api
	name string
}

// New is the bucket of a name. It makes no call.
func New(cfg aws.Config, name string) Bucket {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = cfg.BaseEndpoint != nil
		// A body is read after its call has returned: get has a bound of its own.
		o.APIOptions = append(o.APIOptions, session.Unbound)
	})
	return Bucket{api: client, name: name}
}

// within bounds a call to S3 together with reading the body.
const within = 20 * time.Second

// maxObject is the largest object that is read.
const maxObject = 32 << 20

// errNone says that there is no object of a key.
var errNone = errors.New("there is no such object") //nolint:gochecknoglobals // a sentinel error

// get reads an object. None is errNone.
func (b Bucket) get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer, err := b.api.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.name), Key: aws.String(key)})
	if awserr.Is(err, "NoSuchKey") {
		return nil, errNone
	}
	if err != nil {
		return nil, awserr.Wrap(err, b.call("read object", key, "GetObject (and s3:ListBucket on the bucket)"))
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxObject+1))
	if err != nil {
		return nil, fault.New(fault.Transient, "read object %q of bucket %q: %w", key, b.name, err)
	}
	if len(body) > maxObject {
		return nil, fault.New(fault.Invalid, "read object %q of bucket %q: it is larger than %d bytes", key, b.name, maxObject)
	}
	return body, nil
}

// list lists the names below a prefix, all pages.
func (b Bucket) list(ctx context.Context, prefix string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var names []string
	input := &s3.ListObjectsV2Input{Bucket: aws.String(b.name), Prefix: aws.String(prefix)}
	for {
		page, err := b.api.ListObjectsV2(ctx, input)
		if err != nil {
			return nil, awserr.Wrap(err, b.call("list objects", prefix, "ListBucket"))
		}
		for _, object := range page.Contents {
			names = append(names, strings.TrimPrefix(aws.ToString(object.Key), prefix))
		}
		if !aws.ToBool(page.IsTruncated) {
			return names, nil
		}
		input.ContinuationToken = page.NextContinuationToken
	}
}

// Put writes a document under a key: record.Archive. Writing the same key again adds a version,
// since the bucket keeps them. A key that leads out of its folder is fault.Invalid: S3 would take
// it for a name like any other, and nobody would find it.
func (b Bucket) Put(ctx context.Context, key string, body []byte) error {
	if !fs.ValidPath(key) || key == "." {
		return fault.New(fault.Invalid, "write object %q of bucket %q: a key is names with single slashes between them", key, b.name)
	}
	return b.put(ctx, key, body, func(*s3.PutObjectInput) {})
}

func (b Bucket) put(ctx context.Context, key string, body []byte, edit func(*s3.PutObjectInput)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	input := &s3.PutObjectInput{
		Bucket: aws.String(b.name), Key: aws.String(key), Body: bytes.NewReader(body), ContentType: aws.String(contentType(key)),
	}
	edit(input)
	_, err := b.api.PutObject(ctx, input)
	return awserr.Wrap(err, b.call("write object", key, "PutObject (and kms:GenerateDataKey on the bucket's key)"))
}

func contentType(key string) string {
	switch {
	case strings.HasSuffix(key, ".json"):
		return "application/json"
	case strings.HasSuffix(key, ".zip"):
		return "application/zip"
	}
	return "text/plain; charset=utf-8"
}

func (b Bucket) call(verb, key, action string) awserr.Call {
	return awserr.Call{Doing: fmt.Sprintf("%s %q of bucket %q", verb, key, b.name), Action: "s3:" + action, Setting: "PILOTAGE_BUCKET"}
}
