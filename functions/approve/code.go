package approve

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
)

// derive makes the id and the code of a ballot from the deployment, the plan and the approver:
// the same for the same question, and not to be guessed without the secret.
func (s Stage) derive(doc deploy.Document, approver string) (id, code string) {
	question := doc.ID + "\n" + doc.Plan.Digest + "\n" + approver
	id = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.mac("id", question)[:20])
	number := binary.BigEndian.Uint64(s.mac("code", question)) % 100_000_000
	digits := fmt.Sprintf("%08d", number)
	return id, digits[:4] + "-" + digits[4:]
}

func (s Stage) mac(purpose, text string) []byte {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte(purpose + "\n" + text))
	return mac.Sum(nil)
}

// Hash is how the code of a ballot is kept: SHA-256 over the id and the code, in hex.
func Hash(id, code string) string {
	sum := sha256.Sum256([]byte(id + "\n" + code))
	return hex.EncodeToString(sum[:])
}
