package tokenendpoint

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/bearergate/bearergate/internal/secret"
)

// The text of a refresh token is the secret of its family, a dot and a secret of its
// own. The family's id is the SHA-256 of its secret. So a token of a family is known
// as such however old it is, and a reader of the store can make none.

// refreshToken is the text of a refresh token in its parts.
type refreshToken struct {
	family, own string
}

func parseRefreshToken(text string) (refreshToken, bool) {
	family, own, _ := strings.Cut(text, ".")
	return refreshToken{family, own}, secret.Valid(family) && secret.Valid(own)
}

// newFamilyToken returns the first token of a new family.
func newFamilyToken() refreshToken { return refreshToken{secret.New(), secret.New()} }

// next returns a new token of the same family.
func (t refreshToken) next() refreshToken { return refreshToken{t.family, secret.New()} }

func (t refreshToken) text() string { return t.family + "." + t.own }

func (t refreshToken) sum() Sum { return sha256.Sum256([]byte(t.text())) }

// familyID returns the id under which the store keeps the token's family.
func (t refreshToken) familyID() string {
	sum := sha256.Sum256([]byte(t.family))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// seal encrypts the token's successor so that only the token decrypts it. A reader of
// the store learns neither.
func (t refreshToken) seal(successor refreshToken) (sealed [secret.Size]byte) {
	own, _ := base64.RawURLEncoding.DecodeString(successor.own)
	subtle.XORBytes(sealed[:], own, t.pad())
	return sealed
}

// open returns the successor of the token.
func (t refreshToken) open(sealed [secret.Size]byte) refreshToken {
	var own [secret.Size]byte
	subtle.XORBytes(own[:], sealed[:], t.pad())
	return refreshToken{t.family, base64.RawURLEncoding.EncodeToString(own[:])}
}

// pad returns the one-time pad for the successor of the token. It is used once, since
// a token has one successor.
func (t refreshToken) pad() []byte {
	mac := hmac.New(sha256.New, []byte(t.text()))
	mac.Write([]byte("bearergate: successor"))
	return mac.Sum(nil)
}
