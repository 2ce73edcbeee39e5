package strictjson_test

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// shapes are values that nest deeply, by the text of one level and of its end.
var shapes = map[string][2]string{
	"arrays":                {"[", "]"},
	"objects":               {`{"a":`, "}"},
	"both":                  {`[{"a":`, "}]"},
	"elements before":       {`[1,"x",`, "]"},
	"members before":        {`{"b":1,"a":`, "}"},
	"elements after":        {"[", ",[],{}]"},
	"members after":         {`{"a":`, `,"b":[{}]}`},
	"with space everywhere": {" [ { \"a\" : ", " } ] "},
	"escaped names":         {`{"\u0061":`, "}"},
	"more than a few names": {`{"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"a":`, "}"},
}

// nested returns an object with a value of this shape of about this length.
func nested(shape [2]string, length int) string {
	n := length / len(shape[0]+shape[1])
	return `{"x":` + strings.Repeat(shape[0], n) + "1" + strings.Repeat(shape[1], n) + "}"
}

const longest = 64 << 10

func TestNestingIsBoundedByTheLengthAlone(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 10)) // recursion would end the process
	for name, shape := range shapes {
		for _, length := range []int{100, 1000, longest} {
			data := nested(shape, length)
			if got, err := members(data); err != nil || len(got) != 1 || got[0][1] != strings.TrimSpace(data[5:len(data)-1]) {
				t.Errorf("%s of %d bytes: got %d members, %v, want the one", name, length, len(got), err)
			}
			if err := strictjson.CheckNamesDistinct(data); err != nil {
				t.Errorf("%s of %d bytes: got %v, want its names to be distinct", name, length, err)
			}
			for _, cut := range []int{1, 2, len(data) / 2} {
				if _, err := members(data[:len(data)-cut]); err == nil {
					t.Errorf("%s of %d bytes without the last %d: got no error, want one", name, length, cut)
				}
			}
		}
	}
}

// TestTimeGrowsWithTheLengthAlone compares texts of which one is 16 times as long
// as the other. What takes the square of the time would take 256 times as long.
func TestTimeGrowsWithTheLengthAlone(t *testing.T) {
	const length, times = 8 << 10, 16
	fastest := func(check func(string) error, data string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			if err := check(data); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	object := func(data string) error { _, err := members(data); return err }
	for name, shape := range shapes {
		for what, check := range map[string]func(string) error{"Object": object, "CheckNamesDistinct": strictjson.CheckNamesDistinct} {
			short, long := fastest(check, nested(shape, length)), fastest(check, nested(shape, times*length))
			for range 20 { // other programs may take the processor away
				if long <= 8*times*short {
					break
				}
				long = min(long, fastest(check, nested(shape, times*length)))
			}
			if long > 8*times*short {
				t.Errorf("%s of %s: got %v for %d bytes and %v for %d times as many, want it to grow as they do", what, name, short, length, long, times)
			}
		}
	}
}

func TestDuplicateIsFoundAtEveryDepth(t *testing.T) {
	for _, depth := range []int{0, 1, 2, 7, 8, 9, 30, 1000} {
		for name, shape := range shapes {
			around := func(value string) string {
				return `{"x":` + strings.Repeat(shape[0], depth) + value + strings.Repeat(shape[1], depth) + "}"
			}
			for value, good := range map[string]bool{
				`{"a":1,"b":2}`:                  true,
				`{"a":1,"a":2}`:                  false,
				`{"a":{"a":{}},"b":1}`:           true,
				`{"a":{"c":{}},"a":1}`:           false,
				`[{"a":1},{"a":1}]`:              true,
				`[{"a":1},{"a":1,"\u0061":2}]`:   false,
				`{"a":[{"b":1},{"b":2}],"b":[]}`: true,
				`{"a":[{"b":1},{"b":2}],"a":[]}`: false,
			} {
				if _, err := members(around(value)); (err == nil) != good {
					t.Errorf("%s in %d %s: got %v, want it accepted: %v", value, depth, name, err, good)
				}
			}
		}
	}
}

func TestNamesThatDifferByCaseAloneAreFoundAtEveryDepth(t *testing.T) {
	for _, depth := range []int{0, 1, 10, 1000} {
		for name, shape := range shapes {
			around := func(value string) string {
				return `{"x":` + strings.Repeat(shape[0], depth) + value + strings.Repeat(shape[1], depth) + "}"
			}
			for value, good := range map[string]bool{
				`{"k":1,"l":2}`: true, `{"k":1,"K":2}`: false, `{"k":1,"\u212a":2}`: false, `{"s":1,"\u017f":2}`: false, `{"k":{"K":1}}`: true, `[{"k":1},{"K":1}]`: true,
			} {
				err := strictjson.CheckNamesDistinct(around(value))
				if (err == nil) != good || err != nil && !errors.Is(err, strictjson.ErrMalformed) {
					t.Errorf("%s in %d %s: got %v, want it accepted: %v", value, depth, name, err, good)
				}
			}
		}
	}
}

// TestNamesThatEncodingJSONFoldsAreOne goes through all characters that are
// the same but for their case.
func TestNamesThatEncodingJSONFoldsAreOne(t *testing.T) {
	for c := rune(' '); c <= unicode.MaxRune; c++ {
		folded := unicode.SimpleFold(c)
		if folded == c || c == '"' || c == '\\' {
			continue
		}
		if strictjson.CheckNamesDistinct(fmt.Sprintf(`{"%c":1,"%c":2}`, c, folded)) == nil {
			t.Errorf("got %c and %c as two names, want one", c, folded)
		}
	}
}
