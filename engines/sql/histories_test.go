package sql_test

import (
	"testing"

	"github.com/bearergate/bearergate/engines/histories"
)

// Rules: S7.61.
func TestHistoriesAreLinearizable(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		if bad := histories.Bad(t, histories.Count(t, 200), d.store(t).Codes(), d.store(t).Codes()); bad != 0 {
			t.Errorf("got %d histories that are not linearizable, want none", bad)
		}
	})
}

// TestHistoriesOfWrongRevocationsAreNot is the control.
func TestHistoriesOfWrongRevocationsAreNot(t *testing.T) {
	for name, wrong := range map[string]func(*testing.T, *database) wrongRevocation{
		"families before codes": familiesFirst,
		"two transactions":      inTwoTransactions,
	} {
		t.Run(name, func(t *testing.T) {
			d := pgDefault.database(t)
			store := wrong(t, d)
			if histories.Bad(t, 2000, store, store) == 0 {
				t.Error("got only linearizable histories, want some that are not")
			}
		})
	}
}
