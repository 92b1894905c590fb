package promotion

import (
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// ByDigestOnly reports whether the entry of a deployment is from before migrations and configuration
// were kept with it. It is compared by its digest only, which is computed from both.
func ByDigestOnly(from ledger.Deployment) bool {
	return from.ID != "" && from.Plan.Release.Migrations == ""
}

// changes says what the catalog has now that a deployment did not verify; empty for nothing.
func changes(from ledger.Deployment, now deploy.Release) string {
	then := from.Plan.Release
	var changed []string
	if now.Digest != then.Digest {
		changed = append(changed, fmt.Sprintf("its digest is %s, and was %s", now.Digest, then.Digest))
	}
	if ByDigestOnly(from) {
		return strings.Join(changed, "; ")
	}
	if then.Migrations != now.MigrationsDigest() {
		text := "its migrations are others"
		if names := missing(from.Plan.Migrations, now.Migrations); len(names) > 0 {
			text += " (changed or gone: " + strings.Join(names, ", ") + ")"
		}
		changed = append(changed, text)
	}
	if then.ConfigSchema != now.ConfigSchema {
		changed = append(changed, fmt.Sprintf("its configuration schema is %q, and was %q", now.ConfigSchema, then.ConfigSchema))
	}
	return strings.Join(changed, "; ")
}

// differences says in words how a release differs from another.
func differences(a, b deploy.Release) string {
	var found []string
	for _, part := range []struct{ name, a, b string }{
		{"version", a.Version, b.Version},
		{"commit", a.Commit, b.Commit},
		{"digest", a.Digest, b.Digest},
		{"configuration schema", a.ConfigSchema, b.ConfigSchema},
	} {
		if part.a != part.b {
			found = append(found, fmt.Sprintf("%s %q, not %q", part.name, part.a, part.b))
		}
	}
	if more := missing(a.Migrations, b.Migrations); len(more) > 0 {
		found = append(found, "with migrations "+strings.Join(more, ", "))
	}
	if less := missing(b.Migrations, a.Migrations); len(less) > 0 {
		found = append(found, "without migrations "+strings.Join(less, ", "))
	}
	return strings.Join(found, ", ")
}

// missing are the migrations of a list that another has not, or has otherwise, by their names.
func missing(list, other []deploy.Migration) []string {
	type content struct {
		version        int64
		kind, checksum string
	}
	has := map[content]bool{}
	for _, m := range other {
		has[content{m.Version, m.Kind, m.Checksum}] = true
	}
	var names []string
	for _, m := range list {
		if !has[content{m.Version, m.Kind, m.Checksum}] {
			names = append(names, fmt.Sprintf("%04d %s (%s)", m.Version, m.Name, m.Kind))
		}
	}
	return names
}
