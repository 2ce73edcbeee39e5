package redisstore

import (
	"encoding/binary"
	"errors"
	"time"
)

// recordVersion is the first byte of each record.
const recordVersion = 1

var errRecord = errors.New("redisstore: a record in Redis is damaged, or was written by a newer version")

// writer makes a record. Strings are kept byte for byte.
type writer []byte

func newWriter() writer { return writer{recordVersion} }

func (w *writer) integer(n int64) { *w = binary.AppendVarint(*w, n) }

func (w *writer) text(s string) {
	w.integer(int64(len(s)))
	*w = append(*w, s...)
}

func (w *writer) bytes(b []byte) { *w = append(*w, b...) }

func (w *writer) flag(b bool) {
	if b {
		w.integer(1)
	} else {
		w.integer(0)
	}
}

// texts distinguishes nil from empty.
func (w *writer) texts(all []string) {
	if all == nil {
		w.integer(-1)
		return
	}
	w.integer(int64(len(all)))
	for _, s := range all {
		w.text(s)
	}
}

func (w *writer) time(t time.Time) {
	w.integer(t.Unix())
	w.integer(int64(t.Nanosecond()))
}

// reader reads a record. After an error it returns zero values.
type reader struct {
	rest string
	err  error
}

func newReader(record string) *reader {
	if record == "" || record[0] != recordVersion {
		return &reader{err: errRecord}
	}
	return &reader{rest: record[1:]}
}

func (r *reader) fail() {
	r.rest, r.err = "", errRecord
}

func (r *reader) integer() int64 {
	n, size := binary.Varint([]byte(r.rest[:min(len(r.rest), binary.MaxVarintLen64)]))
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) next(size int64) string {
	if size < 0 || size > int64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := r.rest[:size]
	r.rest = r.rest[size:]
	return s
}

func (r *reader) text() string { return r.next(r.integer()) }

func (r *reader) bytes(to []byte) { copy(to, r.next(int64(len(to)))) }

func (r *reader) flag() bool { return r.integer() != 0 }

func (r *reader) texts() []string {
	n := r.integer()
	if n == -1 {
		return nil
	}
	if n < 0 || n > int64(len(r.rest)) {
		r.fail()
		return nil
	}
	all := make([]string, n)
	for i := range all {
		all[i] = r.text()
	}
	return all
}

func (r *reader) time() time.Time {
	seconds, nanoseconds := r.integer(), r.integer()
	if r.err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, nanoseconds).UTC()
}

// end returns an error unless the record was read exactly.
func (r *reader) end() error {
	if r.err == nil && r.rest != "" {
		r.fail()
	}
	return r.err
}
