package connectiontest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/client"
)

// whileCancelled calls do with contexts that end before, during and after its calls.
func (s *suite) whileCancelled(do func(ctx context.Context, id string)) {
	for n := range 50 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n)*5*time.Microsecond)
		do(ctx, fmt.Sprint("connection ", n))
		cancel()
	}
}

// savedCompletelyOrNotAtAll allows that a Save which failed takes effect later.
func (s *suite) savedCompletelyOrNotAtAll() {
	s.whileCancelled(func(ctx context.Context, id string) {
		before, after := client.Connection{RefreshToken: "before", Revision: 1}, fullConnection()
		s.save(id, before)
		saveErr := s.store.Save(ctx, id, after)
		got, err := s.other.Load(s.Context(), id)
		switch {
		case err != nil:
			s.Errorf("Load: got error %v, want none", err)
		case errors.Is(saveErr, client.ErrConflict):
			s.Errorf("Save, cancelled: got error %v, want none or another", saveErr)
		case got.Revision == after.Revision || saveErr == nil:
			s.loads(id, after)
		default:
			if inUTC(got) != before {
				s.Errorf("Load after a cancelled Save: got %+v, want %+v or %+v", got, before, after)
			}
		}
	})
}

func (s *suite) knownWhileCancelled() {
	s.save("a", client.Connection{RefreshToken: "refresh", Revision: 1})
	s.whileCancelled(func(ctx context.Context, _ string) {
		got, err := s.store.Load(ctx, "a")
		if errors.Is(err, client.ErrNoConnection) || err == nil && got.RefreshToken != "refresh" {
			s.Errorf("Load with a cancelled context: got %+v, %v, want the connection or another error", got, err)
		}
	})
}
