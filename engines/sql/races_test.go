package sql_test

import (
	"testing"

	"github.com/bearergate/bearergate/engines/races"
)

// Rules: S7.61.
func TestNothingLivesBehindARevocation(t *testing.T) {
	onEach(t, append([]engine{serializable}, both...), func(t *testing.T, e engine) {
		d := e.database(t)
		one, other := d.store(t).Codes(), d.store(t).Codes()
		if alive := races.Alive(t, races.Count(t), one, other, d.store(t).Codes().RevokeGrant); alive != 0 {
			t.Errorf("after %d races: got %d living families, want 0", races.Count(t), alive)
		}
	})
}

// TestRaceFindsAWrongRevocation is the control.
func TestRaceFindsAWrongRevocation(t *testing.T) {
	d := pgDefault.database(t)
	wrong := familiesFirst(t, d)
	alive := races.Alive(t, races.Count(t), d.store(t).Codes(), d.store(t).Codes(), wrong.RevokeGrant)
	if alive == 0 {
		t.Errorf("after %d races with a wrong revocation: got no living family, want some", races.Count(t))
	}
}
