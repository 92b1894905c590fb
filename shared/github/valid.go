package github

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// zero is the sha of a ref that is not there.
	zero = "0000000000000000000000000000000000000000"
	// maxRef is the greatest length of a ref, in bytes: git keeps each as a path below 4096.
	maxRef = 1024
)

// unprintable reports what acts on a terminal or a page rather than being shown: control characters,
// line separators, and format characters, which can turn the direction of what follows.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func validSHA(sha string) bool { return len(sha) == len(zero) && only(sha, "0123456789abcdef") }

func validRepository(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	owner, repository, found := strings.Cut(name, "/")
	return found && len(owner) <= 100 && len(repository) <= 100 && owner != "" && repository != "" &&
		strings.Trim(owner, ".") != "" && strings.Trim(repository, ".") != "" &&
		only(owner, allowed) && only(repository, allowed)
}

// validRef follows git-check-ref-format, and refuses characters that cannot be seen.
func validRef(ref string) bool {
	rest, found := strings.CutPrefix(ref, "refs/")
	if !found || len(ref) > maxRef || !utf8.ValidString(ref) || strings.ContainsAny(ref, " ~^:?*[\\\x7f") ||
		strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.HasSuffix(ref, ".") ||
		strings.ContainsFunc(ref, unprintable) || strings.ContainsFunc(ref, unicode.IsSpace) {
		return false
	}
	parts := strings.Split(rest, "/")
	for _, part := range parts {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return len(parts) >= 2
}

func only(text, allowed string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(allowed, r) })
}
