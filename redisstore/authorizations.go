package redisstore

import "github.com/bearergate/bearergate/tokenendpoint"

func (w *writer) authorization(a tokenendpoint.Authorization) {
	w.text(a.ClientID)
	w.text(a.GrantID)
	w.text(a.Subject)
	w.texts(a.Scopes)
	w.text(a.FamilyID)
}

func (r *reader) authorization() (a tokenendpoint.Authorization) {
	a.ClientID = r.text()
	a.GrantID = r.text()
	a.Subject = r.text()
	a.Scopes = r.texts()
	a.FamilyID = r.text()
	return a
}

func encodeCode(c tokenendpoint.AuthorizationCode) string {
	w := newWriter()
	w.authorization(c.Authorization)
	w.text(c.RedirectURI)
	w.text(c.Challenge)
	w.time(c.ExpiresAt)
	w.flag(c.Used)
	return string(w)
}

func decodeCode(record string) (c tokenendpoint.AuthorizationCode, err error) {
	r := newReader(record)
	c.Authorization = r.authorization()
	c.RedirectURI = r.text()
	c.Challenge = r.text()
	c.ExpiresAt = r.time()
	c.Used = r.flag()
	return c, r.end()
}

func encodeFamily(f tokenendpoint.Family) string {
	w := newWriter()
	w.authorization(f.Authorization)
	w.integer(f.Version)
	w.integer(f.Generation)
	w.bytes(f.Token[:])
	w.time(f.TokenExpiresAt)
	w.flag(f.Used)
	w.integer(int64(len(f.Retired)))
	for _, t := range f.Retired {
		w.bytes(t.Token[:])
		w.bytes(t.Successor[:])
		w.time(t.GraceEndsAt)
		w.integer(int64(t.Reuses))
	}
	w.flag(f.Revoked)
	w.time(f.ExpiresAt)
	return string(w)
}

func decodeFamily(record string) (f tokenendpoint.Family, err error) {
	r := newReader(record)
	f.Authorization = r.authorization()
	f.Version = r.integer()
	f.Generation = r.integer()
	r.bytes(f.Token[:])
	f.TokenExpiresAt = r.time()
	f.Used = r.flag()
	for n := r.integer(); n > 0 && r.err == nil; n-- {
		var t tokenendpoint.RetiredToken
		r.bytes(t.Token[:])
		r.bytes(t.Successor[:])
		t.GraceEndsAt = r.time()
		t.Reuses = int(r.integer())
		f.Retired = append(f.Retired, t)
	}
	f.Revoked = r.flag()
	f.ExpiresAt = r.time()
	return f, r.end()
}
