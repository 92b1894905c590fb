package approval

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// Keys derive ballots' ids and codes: the same for the same question, so that a repeated
// invocation makes no second ones, and not to be guessed without the secret.
type Keys struct {
	// Secret has at least 32 bytes.
	Secret []byte
}

// Derive makes the id and the code of an approver's ballot: 32 letters and digits, and eight
// digits as "1234-5678".
func (k Keys) Derive(vote, approver string) (id, code string) {
	question := vote + "\n" + approver
	id = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(k.mac("id", question)[:20])
	number := binary.BigEndian.Uint64(k.mac("code", question)) % 100_000_000
	text := fmt.Sprintf("%08d", number)
	return id, text[:4] + "-" + text[4:]
}

func (k Keys) mac(purpose, text string) []byte {
	mac := hmac.New(sha256.New, k.Secret)
	mac.Write([]byte(purpose + "\n" + text))
	return mac.Sum(nil)
}

// Hash is how the code of a ballot is kept: SHA-256 over the id and the code, in hex.
func Hash(id, code string) string {
	sum := sha256.Sum256([]byte(id + "\n" + code))
	return hex.EncodeToString(sum[:])
}

// fits reports whether a code, as a person types it, is that of the ballot. It takes the same
// time for every wrong one.
func (b Ballot) fits(code string) bool {
	typed := digits(code)
	if len(typed) == codeDigits {
		typed = typed[:4] + "-" + typed[4:]
	}
	return subtle.ConstantTimeCompare([]byte(Hash(b.ID, typed)), []byte(b.CodeHash)) == 1
}

const codeDigits = 8

// digits are those of a code, however a person sets them apart.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, code)
}
