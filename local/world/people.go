package world

import (
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/sigv4"
)

// AccessKey is the AWS access key that a person has in this world.
type AccessKey struct {
	ID     string
	Secret string
}

// Credentials is the name of the file, in the world's folder, that has everybody's access key in
// the form of AWS's shared credentials: one profile a person, named by the mail address.
const Credentials = "credentials"

// identify gives an access key to everybody in pilotage.yaml whom AWS would know.
func (w *World) identify() error {
	w.Keys = map[string]AccessKey{}
	w.signatures = sigv4.Verifier{Identities: map[string]sigv4.Identity{}, Service: "lambda", Region: Region, Now: w.options.Clock.Now}
	for _, env := range w.options.Settings.File.Environments {
		for _, person := range env.People {
			if _, known := w.Keys[person.Mail]; known || person.Identity == "" {
				continue
			}
			key := AccessKey{ID: "AKIA" + rand.Text()[:16], Secret: rand.Text() + rand.Text()}
			w.Keys[person.Mail] = key
			w.signatures.Identities[key.ID] = sigv4.Identity{Arn: person.Identity, Secret: key.Secret}
		}
	}
	var text strings.Builder
	text.WriteString("# Access keys of this world only. They open nothing on AWS.\n")
	for _, mail := range slices.Sorted(maps.Keys(w.Keys)) {
		fmt.Fprintf(&text, "\n[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", mail, w.Keys[mail].ID, w.Keys[mail].Secret)
	}
	if err := os.WriteFile(filepath.Join(w.options.Dir, Credentials), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write the access keys of the world: %w", err)
	}
	return nil
}
