package redisstore

import "github.com/bearergate/bearergate"

func encodeClaims(c bearergate.Claims) string {
	w := newWriter()
	w.text(string(c.Type))
	w.text(c.Issuer)
	w.text(c.ID)
	w.texts(c.Audience)
	w.text(c.Subject)
	w.text(c.ClientID)
	w.text(c.GrantID)
	w.text(c.OrganizationID)
	w.text(c.InstallationID)
	w.texts(c.ProjectIDs)
	w.texts(c.Scopes)
	w.time(c.IssuedAt)
	w.time(c.ExpiresAt)
	w.flag(c.Confirmation != nil)
	if c.Confirmation != nil {
		w.text(c.Confirmation.JWKThumbprint)
		w.text(c.Confirmation.CertificateThumbprint)
	}
	w.text(c.Raw)
	return string(w)
}

func decodeClaims(record string) (c bearergate.Claims, err error) {
	r := newReader(record)
	c.Type = bearergate.TokenType(r.text())
	c.Issuer = r.text()
	c.ID = r.text()
	c.Audience = r.texts()
	c.Subject = r.text()
	c.ClientID = r.text()
	c.GrantID = r.text()
	c.OrganizationID = r.text()
	c.InstallationID = r.text()
	c.ProjectIDs = r.texts()
	c.Scopes = r.texts()
	c.IssuedAt = r.time()
	c.ExpiresAt = r.time()
	if r.flag() {
		c.Confirmation = &bearergate.Confirmation{JWKThumbprint: r.text(), CertificateThumbprint: r.text()}
	}
	c.Raw = r.text()
	return c, r.end()
}
