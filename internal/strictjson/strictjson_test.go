package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bearergate/bearergate/internal/strictjson"
	"github.com/google/go-cmp/cmp"
)

// members returns the object's members, in order, as name and text.
func members(data string) (got [][2]string, err error) {
	err = strictjson.Object(data, func(name, value string) error {
		got = append(got, [2]string{name, value})
		return nil
	})
	return got, err
}

func TestObjectVisitsItsMembers(t *testing.T) {
	got, err := members(" {\"a\" : 1 , \"\\u0062\\n\":[ 1,{\"x\":-0.5e+3} ] ,\"\":\"\\ud83d\\ude00\"\t,\"n\":null,\"t\":true,\"f\":false,\"o\":{ },\"l\":[]}\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]string{
		{"a", "1"}, {"b\n", `[ 1,{"x":-0.5e+3} ]`}, {"", `"\ud83d\ude00"`}, {"n", "null"}, {"t", "true"}, {"f", "false"}, {"o", "{ }"}, {"l", "[]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Rules: S3a.3.
func TestWhatIsNotOneStrictObjectIsMalformed(t *testing.T) {
	for _, data := range []string{
		"", " ", "null", "[]", `"a"`, "1", "{", "}", "{}{}", "{} x", "{}\x00", "\ufeff{}", "{a:1}", "{'a':1}", `{"a"}`, `{"a":}`, `{"a":1,}`,
		`{,"a":1}`, `{"a":1 "b":2}`, `{"a" 1}`, `{1:1}`, `{"a":1`, `{"a`, `{"a":"b`, `{"a":[1`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`,
		`{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`, `{"a":1e}`, `{"a":1e+}`, `{"a":-}`, `{"a":0x1}`, `{"a":NaN}`, `{"a":Infinity}`,
		`{"a":nul}`, `{"a":True}`, `{"a":tru`, `{"a":nullx}`,
		"{\"a\":\"\n\"}", "{\"a\":\"\x00\"}", "{\"a\":\"\\u0041\n\"}", "{\"a\":\"\\n\x1f\"}", `{"a":"\x41"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, `{"a":"\`, `{"a":"\u`,
		`{"a":"\ud800"}`, `{"a":"\udc00"}`, `{"a":"\ud800\ud800"}`, `{"a":"\ud800x"}`, `{"a":"\ud800\n"}`, `{"\ud800":1}`,
		"{\"a\":\"\xff\"}", "{\"\xc3\":1}", "{\"a\":\"\xed\xa0\x80\"}",
		`{"a":1,"a":1}`, `{"a":1,"\u0061":1}`, `{"x":{"a":1,"a":2}}`, `{"x":[{"a":1,"a":2}]}`, `{"":1,"":2}`,
		`{"a":1}/**/`, `{/**/}`, "{\u00a0}",
		`{"a":[}]}`, `{"a":{]}}`, `{"a":[{]}]}`, `{"a":[[]}`, `{"a":{"b":[}}`, `{"a":[1}`, `{"a":{"b":1]}`, `{"a":[,1]}`, `{"a":[[1],]}`, `{"a":{"b":1,}}`,
		`{"a":{"b":1 "c":2}}`, `{"a":{"b"}}`, `{"a":[1:2]}`,
	} {
		if got, err := members(data); !errors.Is(err, strictjson.ErrMalformed) {
			t.Errorf("%q: got %v, %v, want it malformed", data, got, err)
		}
	}
}

// Rules: S3a.4.
func TestDuplicateAmongManyIsFound(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 18, 100, 2000} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"m%d":%d,`, i, i)
		}
		if got, err := members("{" + b.String() + `"last":0}`); err != nil || len(got) != n+1 {
			t.Errorf("got %d members, %v, want %d", len(got), err, n+1)
		}
		for _, twice := range []int{0, n / 2, n - 1} {
			if _, err := members(fmt.Sprintf(`{%s"m%d":0}`, b.String(), twice)); err == nil {
				t.Errorf("%d members: number %d stands twice: got no error, want one", n, twice)
			}
		}
	}
}

func TestVisitorsErrorEndsTheWalk(t *testing.T) {
	errStop := errors.New("stop")
	visited := 0
	err := strictjson.Object(`{"a":1,"b":2,`, func(_, _ string) error {
		visited++
		return errStop
	})
	if err != errStop || visited != 1 {
		t.Errorf("got %v after %d members, want the visitor's own error after 1", err, visited)
	}
}

func TestStrings(t *testing.T) {
	for _, c := range []struct {
		value string
		want  []string
		ok    bool
	}{
		{`[]`, nil, true}, {`["a", "","\u0062"]`, []string{"a", "", "b"}, true},
		{`"a"`, nil, false}, {`["a",1]`, nil, false}, {`[["a"]]`, nil, false}, {`null`, nil, false}, {`[null]`, nil, false}, {`{}`, nil, false},
	} {
		got, ok := strictjson.Strings(c.value)
		if ok != c.ok || ok && !cmp.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v, want %q, %v", c.value, got, ok, c.want, c.ok)
		}
	}
	for _, value := range []string{"1", "null", "[]", "{}", "true"} {
		if got, ok := strictjson.String(value); ok {
			t.Errorf("%s: got %q, want no string", value, got)
		}
	}
	if err := strictjson.Array(`{}`, nil); err == nil {
		t.Error("{}: got no error, want one for what is no array")
	}
}

// FuzzObject compares with encoding/json, which takes more, and must read the
// same from what both take.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":[true,{"c":"\u00e4"}]}`, `{"a":"\ud83d\ude00"}`, `{"a":-1.5e3,"A":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		got := make(map[string]json.RawMessage)
		err := strictjson.Object(data, func(name, value string) error {
			got[name] = json.RawMessage(value)
			return nil
		})
		if err != nil {
			return
		}
		want := make(map[string]json.RawMessage)
		if err := json.Unmarshal([]byte(data), &want); err != nil {
			t.Fatalf("%q: got it accepted, want what encoding/json says: %v", data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", data, diff)
		}
		for name, value := range got {
			text, ok := strictjson.String(string(value))
			var wantText string
			if wantErr := json.Unmarshal(value, &wantText); ok && (wantErr != nil || text != wantText) {
				t.Errorf("%s: got %q, want %q, %v", name, text, wantText, wantErr)
			}
		}
		if err := strictjson.CheckNamesDistinct(data); err != nil && !errors.Is(err, strictjson.ErrMalformed) {
			t.Errorf("%q: got %v, want nil or ErrMalformed", data, err)
		}
	})
}
