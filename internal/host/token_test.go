package host

import (
	"testing"

	"github.com/google/uuid"
)

func TestATokenIsARandomUUID(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		token := Real.NewToken()
		u, err := uuid.Parse(token)
		if err != nil {
			t.Fatal(err)
		}
		if u.String() != token || u.Version() != 4 || u.Variant() != uuid.RFC4122 {
			t.Errorf("%s is of version %d, variant %s, and means %s", token, u.Version(), u.Variant(), u)
		}
		if seen[token] {
			t.Errorf("%s was there before", token)
		}
		seen[token] = true
	}
}
