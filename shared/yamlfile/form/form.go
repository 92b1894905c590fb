// Package form knows the shapes of text that our YAML files hold: names, addresses, paths, times.
// Each has words for people, and most a regular expression for a schema.
package form

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // time zones are the same everywhere
	"unicode"
)

// Form is the shape of a text.
type Form string

// The forms. Words says what each is.
const (
	Any        Form = ""
	Name       Form = "name"
	Slug       Form = "slug"
	Title      Form = "title"
	URL        Form = "url"
	Mail       Form = "mail"
	Path       Form = "path"
	Branch     Form = "branch"
	Tag        Form = "tag"
	Login      Form = "login"
	Identity   Form = "identity"
	Timezone   Form = "timezone"
	Recurrence Form = "recurrence"
	// BranchPattern is a branch in which "*" may stand.
	BranchPattern      Form = "branch pattern"
	PipelineName       Form = "pipeline"
	ScheduleExpression Form = "schedule"
	Repository         Form = "repository"
	Region             Form = "region"
	Instance           Form = "instance"
	Time               Form = "time"
	Commit             Form = "commit"
	Version            Form = "version"
	Folder             Form = "folder"
	File               Form = "file"
)

// Pattern is the regular expression of a form, empty when it takes more than that to check it.
func (f Form) Pattern() string {
	switch f {
	case Name:
		return `^[a-z][a-z0-9-]{1,30}$`
	case Slug:
		return `^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$`
	case Path:
		return `^/[!-~]*$`
	case Branch:
		return `^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$`
	case BranchPattern:
		return `^[A-Za-z0-9_*][A-Za-z0-9_./*-]{0,199}$`
	case Tag:
		return `^[A-Za-z0-9_{}][A-Za-z0-9_./{}+-]{0,99}$`
	case Login:
		return `^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$`
	case Identity:
		return `^arn:aws[a-z-]*:(iam::[0-9]{12}:user/[A-Za-z0-9_+=,.@/-]{1,576}|sts::[0-9]{12}:assumed-role/[A-Za-z0-9_+=,.@-]{1,64}/[A-Za-z0-9_+=,.@-]{2,64})$`
	case PipelineName:
		return `^[A-Za-z0-9.@_-]{1,100}$`
	case ScheduleExpression:
		return `^(cron\([0-9A-Za-z*?/,#L -]{11,100}\)|rate\([1-9][0-9]{0,8} (minute|minutes|hour|hours|day|days)\))$`
	case Timezone:
		return `^[A-Za-z][A-Za-z0-9_+/-]{0,63}$`
	case Recurrence:
		return `^FREQ=[A-Z0-9;=,+-]{1,200}$`
	case Repository:
		return `^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$`
	case Region:
		return `^(local|[a-z]{2}(-[a-z]+)+-[0-9])$`
	case Instance:
		return `^[a-z]([a-z0-9]|-[a-z0-9]){0,62}$`
	case Commit:
		return `^[0-9a-f]{40}$`
	case File:
		return `^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`
	case Version:
		return `^[0-9A-Za-z][0-9A-Za-z._+-]{0,38}$`
	}
	return ""
}

// Words say what a text of the form is.
func (f Form) Words() string {
	switch f {
	case Name:
		return "a name of 2 to 31 lower-case letters, digits and hyphens, a letter first"
	case Slug:
		return "a word of lower-case letters and digits, parts joined by - _ or ."
	case Title:
		return "one line of 1 to 200 characters"
	case URL:
		return "an https:// URL without query (http:// only for localhost)"
	case Mail:
		return `a mail address such as "anna@example.com"`
	case Path:
		return `a path that begins with "/"`
	case Branch:
		return `a branch such as "main"`
	case BranchPattern:
		return `a branch, or a pattern of branches such as "feature/*"`
	case Tag:
		return `a tag such as "v{version}"`
	case Login:
		return `a login of GitHub such as "anna-k"`
	case Identity:
		return `the ARN of an IAM user, or of an assumed role with its session's name, such as "arn:aws:iam::111122223333:user/anna"`
	case PipelineName:
		return "a name of CodePipeline: at most 100 letters, digits and . @ _ -"
	case ScheduleExpression:
		return `an expression of EventBridge Scheduler such as "cron(0 10 ? * TUE *)" or "rate(1 day)"`
	case Timezone:
		return `a time zone of the IANA database such as "Europe/Berlin"`
	case Recurrence:
		return `a recurrence rule of RFC 5545 such as "FREQ=WEEKLY;BYDAY=FR"`
	case Repository:
		return `a repository such as "owner/name"`
	case Region:
		return `a region such as "eu-central-1"`
	case Instance:
		return "an RDS identifier: lower-case letters, digits and single hyphens, a letter first, at most 63"
	case Time:
		return `an RFC 3339 time such as "2026-12-24T00:00:00Z"`
	case Commit:
		return "a commit of 40 hex digits"
	case Version:
		return `a version such as "1.2.0", of at most 39 letters, digits and . _ + -`
	case File:
		return `a file of the repository such as "ci/buildspec.yml"`
	case Folder:
		return `a folder below this file, such as "migrations"`
	}
	return "text"
}

// Check says what is wrong with a text and what would be right; it is empty when nothing is.
func (f Form) Check(text string) string {
	if f.holds(text) {
		return ""
	}
	return fmt.Sprintf("%q is not %s", text, f.Words())
}

func (f Form) holds(text string) bool {
	switch f {
	case Any:
		return true
	case Title:
		runes := []rune(text)
		return strings.TrimSpace(text) != "" && len(runes) <= 200 && !strings.ContainsFunc(text, unicode.IsControl)
	case URL:
		return goodURL(text)
	case Mail:
		address, err := mail.ParseAddress(text)
		return err == nil && address.Address == text && len(text) <= 254
	case Folder:
		return filepath.IsLocal(text) && !strings.Contains(text, `\`) && path.Clean(text) != "."
	case Timezone:
		_, err := time.LoadLocation(text)
		return err == nil && text != "Local" && matches(f, text)
	case BranchPattern:
		_, err := path.Match(text, "")
		return err == nil && matches(f, text)
	case Time:
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	}
	if f == Instance && len(text) > 63 {
		return false
	}
	return matches(f, text)
}

func matches(f Form, text string) bool {
	matched, err := regexp.MatchString(f.Pattern(), text)
	return err == nil && matched
}

// goodURL refuses what would send users' traffic, or the probes, over plain HTTP.
func goodURL(text string) bool {
	address, err := url.Parse(text)
	if err != nil || address.Hostname() == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return false
	}
	if address.Scheme == "http" {
		ip := net.ParseIP(address.Hostname())
		return address.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	}
	return address.Scheme == "https"
}
