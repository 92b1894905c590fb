package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// form is the shape of a text.
type form string

const (
	anyText    form = ""
	nameForm   form = "name"
	slugForm   form = "slug"
	titleForm  form = "title"
	urlForm    form = "url"
	mailForm   form = "mail"
	pathForm   form = "path"
	branchForm form = "branch"
	repoForm   form = "repository"
	regionForm form = "region"
	dbForm     form = "instance"
	timeForm   form = "time"
)

// pattern is the regular expression of a form, empty when it takes more than that to check it.
func (f form) pattern() string {
	switch f {
	case nameForm:
		return `^[a-z][a-z0-9-]{1,30}$`
	case slugForm:
		return `^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$`
	case pathForm:
		return `^/[!-~]*$`
	case branchForm:
		return `^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$`
	case repoForm:
		return `^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$`
	case regionForm:
		return `^(local|[a-z]{2}(-[a-z]+)+-[0-9])$`
	case dbForm:
		return `^[a-z]([a-z0-9]|-[a-z0-9]){0,62}$`
	}
	return ""
}

// words say what a text of the form is.
func (f form) words() string {
	switch f {
	case nameForm:
		return "a name of 2 to 31 lower-case letters, digits and hyphens, a letter first"
	case slugForm:
		return "a word of lower-case letters and digits, parts joined by - _ or ."
	case titleForm:
		return "one line of 1 to 100 characters"
	case urlForm:
		return "an https:// URL without query (http:// only for localhost)"
	case mailForm:
		return `a mail address such as "anna@example.com"`
	case pathForm:
		return `a path that begins with "/"`
	case branchForm:
		return `a branch such as "main"`
	case repoForm:
		return `a repository such as "owner/name"`
	case regionForm:
		return `a region such as "eu-central-1"`
	case dbForm:
		return "an RDS identifier: lower-case letters, digits and single hyphens, a letter first, at most 63"
	case timeForm:
		return `an RFC 3339 time such as "2026-12-24T00:00:00Z"`
	}
	return "text"
}

// check says what is wrong with a text, "" when nothing is.
func (f form) check(text string) string {
	if f.holds(text) {
		return ""
	}
	return fmt.Sprintf("%q is not %s", text, f.words())
}

func (f form) holds(text string) bool {
	switch f {
	case anyText:
		return true
	case titleForm:
		runes := []rune(text)
		return strings.TrimSpace(text) != "" && len(runes) <= 100 && !strings.ContainsFunc(text, unicode.IsControl)
	case urlForm:
		return goodURL(text)
	case mailForm:
		address, err := mail.ParseAddress(text)
		return err == nil && address.Address == text && len(text) <= 254
	case timeForm:
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	}
	matched, err := regexp.MatchString(f.pattern(), text)
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
