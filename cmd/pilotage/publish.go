package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/shared/aws/s3"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/release"
	"github.com/pilotage/pilotage/shared/release/assemble"
	"github.com/pilotage/pilotage/shared/release/manifest"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// publishing is what a release is published from, and where to.
type publishing struct {
	file            string
	image, program  string
	bucket, catalog string
	region          string
	commit, author  string
	passed          []string
	by              string
}

// publishCommand makes a release known that was built before.
func publishCommand() *cobra.Command {
	var p publishing
	cmd := &cobra.Command{
		Use:   "publish RELEASE.YAML",
		Short: "Make a release known, so that it can be deployed",
		Long: `Make a release known under its digest, its commit and its version: what release.yaml says of it,
its migrations, and what is run. A build ends with this.

On AWS that is an image, and the release goes into the pipeline's bucket:
  pilotage publish release.yaml --image "$REPOSITORY_URI@sha256:…" --bucket "$PILOTAGE_BUCKET"
On one machine it is a program, and the release goes into a folder:
  pilotage publish release.yaml --program ./service --catalog "$PILOTAGE_CATALOG"

A file cannot hold the id of its own commit, nor what was checked since: --commit, --author and
--passed say it. A release that is published already is left as it is.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p.file = args[0]
			return p.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&p.image, "image", "", "the image, by its digest: `REPOSITORY@sha256:…`")
	flags.StringVar(&p.program, "program", "", "the program `FILE`")
	flags.StringVar(&p.bucket, "bucket", os.Getenv("PILOTAGE_BUCKET"), "`NAME` of the pipeline's bucket; default $PILOTAGE_BUCKET")
	flags.StringVar(&p.catalog, "catalog", os.Getenv("PILOTAGE_CATALOG"), "`FOLDER` of a pipeline on this machine; default $PILOTAGE_CATALOG")
	flags.StringVar(&p.region, "region", os.Getenv("AWS_REGION"), "`REGION` of the bucket; default $AWS_REGION")
	flags.StringVar(&p.commit, "commit", os.Getenv("RELEASE_COMMIT"), "the `COMMIT` that was built; default $RELEASE_COMMIT")
	flags.StringVar(&p.author, "author", "", "`MAIL` address of who wrote it")
	flags.StringArrayVar(&p.passed, "passed", nil, "`CHECK` that it passed, such as tests; may be repeated")
	flags.StringVar(&p.by, "by", builder(), "`NAME` of who ran the checks")
	return cmd
}

// builder is what this runs in, as far as it says so.
func builder() string {
	switch {
	case os.Getenv("CODEBUILD_BUILD_ID") != "":
		return "codebuild"
	case os.Getenv("GITHUB_ACTIONS") != "":
		return "github-actions"
	}
	return "pilotage publish"
}

// shelf is where releases are published.
type shelf interface {
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
	Publish(ctx context.Context, made deploy.Release, migrations fs.FS) error
}

// folder is a shelf on this machine.
type folder struct{ releases.Shelf }

func (f folder) Publish(ctx context.Context, made deploy.Release, migrations fs.FS) error {
	_, err := f.Shelf.Publish(ctx, made, migrations)
	return err
}

func (p publishing) run(ctx context.Context, out io.Writer) error {
	if err := p.check(); err != nil {
		return usageError{err}
	}
	text, err := os.ReadFile(p.file)
	if err != nil {
		return usageError{fmt.Errorf("read what the release says of itself: %w", err)}
	}
	described, err := manifest.Complete(p.file, text, p.given(clock.System{}.Now()))
	if err != nil {
		return err
	}
	to, err := p.shelf(ctx)
	if err != nil {
		return err
	}
	// The first build of a commit is its release: another one may differ in every byte.
	held, err := to.Find(ctx, described.Service, described.Commit)
	switch {
	case err == nil && held.Version == described.Version:
		fmt.Fprintf(out, "%s %s of commit %.7s is published already, as %s: nothing was changed\n", held.Service, held.Version, held.Commit, held.Digest)
		return nil
	case err != nil && !release.IsUnknown(err):
		return err
	}
	built, err := p.built()
	if err != nil {
		return err
	}
	migrations := os.DirFS(filepath.Join(filepath.Dir(p.file), described.Migrations))
	made, err := assemble.Release(described, built, migrations)
	if err != nil {
		return err
	}
	if err := to.Publish(ctx, made, migrations); err != nil {
		return err
	}
	fmt.Fprintf(out, "published %s %s of commit %.7s as %s\n", made.Service, made.Version, made.Commit, made.Digest)
	return nil
}

// check finds what is wrong with the command line.
func (p publishing) check() error {
	switch {
	case (p.image == "") == (p.program == ""):
		return errors.New("what is run? give either --image or --program")
	case (p.bucket == "") == (p.catalog == ""):
		return errors.New("where to? give either --bucket or --catalog")
	case p.image != "" && p.catalog != "":
		return errors.New("a pipeline on this machine runs programs; give --program")
	case p.program != "" && p.bucket != "":
		return errors.New("a pipeline on AWS runs images; give --image")
	}
	for _, one := range []struct {
		flag, text string
		want       form.Form
	}{{"--commit", p.commit, form.Commit}, {"--author", p.author, form.Mail}} {
		if wrong := one.want.Check(one.text); one.text != "" && wrong != "" {
			return fmt.Errorf("%s: %s", one.flag, wrong)
		}
	}
	for _, check := range p.passed {
		if wrong := form.Slug.Check(check); wrong != "" {
			return fmt.Errorf("--passed: %s", wrong)
		}
	}
	return nil
}

func (p publishing) given(now time.Time) manifest.Given {
	given := manifest.Given{Commit: p.commit, Author: p.author, Built: true}
	for _, check := range p.passed {
		given.Evidence = append(given.Evidence, deploy.Evidence{Check: check, By: p.by, At: now.UTC().Format(time.RFC3339)})
	}
	return given
}

func (p publishing) shelf(ctx context.Context) (shelf, error) {
	if p.catalog != "" {
		dir, err := filepath.Abs(p.catalog)
		if err != nil {
			return nil, fmt.Errorf("find the catalog: %w", err)
		}
		return folder{releases.Shelf{Dir: dir}}, nil
	}
	cfg, err := session.Open(ctx, p.region)
	if err != nil {
		return nil, err
	}
	return s3.New(cfg, p.bucket), nil
}

func (p publishing) built() (assemble.Built, error) {
	if p.image != "" {
		return assemble.Image(strings.TrimSpace(p.image))
	}
	file, err := os.Open(p.program)
	if err != nil {
		return assemble.Built{}, usageError{fmt.Errorf("read the program: %w", err)}
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return assemble.Built{}, fmt.Errorf("read the program: %w", err)
	}
	return assemble.Built{Artefact: p.program, Sum: hex.EncodeToString(sum.Sum(nil))}, nil
}
