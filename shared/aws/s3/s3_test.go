package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/migration"
)

// fake is a bucket in memory, listed one object a page.
type fake struct {
	objects map[string]string
	types   map[string]string
	fail    error
	// cut ends bodies early.
	cut bool
}

type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (f *fake) GetObject(_ context.Context, input *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	object, found := f.objects[*input.Key]
	if f.fail != nil {
		return nil, f.fail
	}
	if !found {
		return nil, &types.NoSuchKey{}
	}
	var body io.Reader = strings.NewReader(object)
	if f.cut {
		body = broken{body}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(body)}, nil
}

func (f *fake) PutObject(_ context.Context, input *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if _, found := f.objects[*input.Key]; found && input.IfNoneMatch != nil {
		return nil, &smithy.GenericAPIError{Code: "PreconditionFailed"}
	}
	body, _ := io.ReadAll(input.Body)
	f.objects[*input.Key], f.types[*input.Key] = string(body), aws.ToString(input.ContentType)
	return &s3.PutObjectOutput{}, nil
}

func (f *fake) ListObjectsV2(_ context.Context, input *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	after := aws.ToString(input.ContinuationToken)
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		if strings.HasPrefix(key, *input.Prefix) && key > after {
			return &s3.ListObjectsV2Output{Contents: []types.Object{{Key: aws.String(key)}}, IsTruncated: aws.Bool(true), NextContinuationToken: aws.String(key)}, f.fail
		}
	}
	return &s3.ListObjectsV2Output{}, f.fail
}

func bucket() (Bucket, *fake) {
	f := &fake{objects: map[string]string{}, types: map[string]string{}}
	return Bucket{api: f, name: "bucket"}, f
}

func files() fstest.MapFS {
	return fstest.MapFS{"0001_create.expand.sql": {Data: []byte("-- +goose Up\nCREATE TABLE t (id int);\n-- +goose Down\nDROP TABLE t;\n")}}
}

func someRelease(t *testing.T, version string) deploy.Release {
	t.Helper()
	set, err := migration.Parse(files())
	if err != nil {
		t.Fatal(err)
	}
	return deploy.Release{
		Digest: "sha256:" + fmt.Sprintf("%064s", strings.ReplaceAll(version, ".", "")), Service: "shop", Version: version, Commit: fmt.Sprintf("%040s", strings.ReplaceAll(version, ".", "")),
		Artefact:   "shop@sha256:bbbb",
		Migrations: []deploy.Migration{{Version: 1, Name: "create", Kind: deploy.Expand, Checksum: set.Migrations[0].Checksum}},
	}
}

// behaves is what a Bucket does, whatever is behind it.
func behaves(t *testing.T, b Bucket) {
	t.Helper()
	one := someRelease(t, "1.2.0")
	for range 2 {
		if err := b.Publish(t.Context(), one, files()); err != nil {
			t.Fatal(err)
		}
	}
	for _, ref := range []string{one.Digest, one.Commit, one.Version} {
		got, err := b.Find(t.Context(), "shop", ref)
		if err != nil || got.Digest != one.Digest || got.Artefact != one.Artefact {
			t.Errorf("%q: got %+v and error %v", ref, got, err)
		}
	}
	found, err := b.Migrations(t.Context(), "shop", one.Digest)
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(found, "0001_create.expand.sql")
	if err != nil || !bytes.Equal(text, files()["0001_create.expand.sql"].Data) {
		t.Errorf("got %q and error %v", text, err)
	}
	for _, ref := range []string{"9.9.9", "sha256:" + strings.Repeat("9", 64)} {
		if _, err := b.Find(t.Context(), "shop", ref); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "1.2.0") {
			t.Errorf("%s: got error %v, want one of class Invalid that lists 1.2.0", ref, err)
		}
	}
	moved := one
	moved.Digest = "sha256:" + strings.Repeat("8", 64)
	if err := b.Publish(t.Context(), moved, files()); !fault.Is(err, fault.Invalid) {
		t.Errorf("moving a version: got error %v, want one of class Invalid", err)
	}
	if got, err := b.Find(t.Context(), "shop", "1.2.0"); err != nil || got.Digest != one.Digest {
		t.Errorf("after that, version 1.2.0 is %q, error %v", got.Digest, err)
	}
	for range 2 {
		if err := b.Put(t.Context(), "records/us-east-1/shop/staging/d1.json", []byte(`{}`)); err != nil {
			t.Error(err)
		}
	}
}

func TestBucket(t *testing.T) {
	b, f := bucket()
	behaves(t, b)
	if got := f.types["records/us-east-1/shop/staging/d1.json"]; got != "application/json" {
		t.Errorf("got content type %q", got)
	}
}

func TestPutRefusesKeysThatLeadOut(t *testing.T) {
	b, f := bucket()
	for _, key := range []string{"../b.txt", "records/../../b.txt", "/b.txt", "", ".", "records//b.txt"} {
		if err := b.Put(t.Context(), key, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("key %q: got error %v, want one of class Invalid", key, err)
		}
	}
	if len(f.objects) > 0 {
		t.Errorf("got objects %v, want none", f.objects)
	}
}

func TestBucketOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	name := awstest.Name("pilotage")
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	behaves(t, New(cfg, name))
	_, err := New(cfg, name+"0").Find(t.Context(), "shop", "1.0.0")
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "PILOTAGE_BUCKET") {
		t.Errorf("no such bucket: got error %v", err)
	}
}

func TestFindRefusesWhatIsNotItself(t *testing.T) {
	for name, spoil := range map[string]func(f *fake, r deploy.Release){
		"another digest": func(f *fake, r deploy.Release) {
			f.objects[releaseKey("shop", r.Digest)] = `{"digest":"sha256:0","service":"shop"}`
		},
		"another service": func(f *fake, r deploy.Release) {
			f.objects[releaseKey("shop", r.Digest)] = `{"digest":"` + r.Digest + `","service":"other"}`
		},
		"no JSON": func(f *fake, r deploy.Release) { f.objects[releaseKey("shop", r.Digest)] = `?` },
	} {
		b, f := bucket()
		r := someRelease(t, "1.2.0")
		if err := b.Publish(t.Context(), r, files()); err != nil {
			t.Fatal(err)
		}
		spoil(f, r)
		if _, err := b.Find(t.Context(), "shop", r.Digest); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
	}
	for _, ref := range []string{"", "..", "../x", "a/b", strings.Repeat("a", 201)} {
		b, _ := bucket()
		if _, err := b.Find(t.Context(), "shop", ref); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got error %v, want one of class Invalid", ref, err)
		}
	}
}

func TestMigrationsMustBeThoseOfTheRelease(t *testing.T) {
	b, f := bucket()
	r := someRelease(t, "1.2.0")
	if err := b.Publish(t.Context(), r, files()); err != nil {
		t.Fatal(err)
	}
	changed := files()
	changed["0001_create.expand.sql"].Data = append(changed["0001_create.expand.sql"].Data, []byte("-- changed\n")...)
	archive, err := pack(changed)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"changed": string(archive), "no archive": "?"} {
		f.objects[migrationsKey("shop", r.Digest)] = body
		if _, err := b.Migrations(t.Context(), "shop", r.Digest); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
	}
	delete(f.objects, migrationsKey("shop", r.Digest))
	if _, err := b.Migrations(t.Context(), "shop", r.Digest); !fault.Is(err, fault.Invalid) {
		t.Errorf("missing: got error %v, want one of class Invalid", err)
	}
	if err := b.Publish(t.Context(), r, changed); !fault.Is(err, fault.Invalid) {
		t.Errorf("publishing changed files: got error %v", err)
	}
}

func TestBucketClassifies(t *testing.T) {
	for code, want := range map[string]fault.Class{"SlowDown": fault.Transient, "NoSuchBucket": fault.Invalid, "AccessDenied": fault.Invalid, "PermanentRedirect": fault.Invalid, "ExpiredToken": fault.Internal} {
		b, f := bucket()
		f.fail = &smithy.GenericAPIError{Code: code}
		_, found := b.Find(t.Context(), "shop", "1.0.0")
		for _, err := range []error{found, b.Put(t.Context(), "k", nil)} {
			if !fault.Is(err, want) {
				t.Errorf("%s: got error %v, want one of class %s", code, err, want)
			}
		}
	}
	b, f := bucket()
	f.cut, f.objects[versionKey("shop", "1")] = true, "sha256:1"
	if _, err := b.Find(t.Context(), "shop", "1"); !fault.Is(err, fault.Transient) {
		t.Errorf("half a body: got error %v, want one of class Transient", err)
	}
}
