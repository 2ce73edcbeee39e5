package migration

import (
	"net/http"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
)

func jwtauthBefore(secret []byte) http.Handler {
	tokenAuth := jwtauth.New("HS256", secret, nil)
	r := chi.NewRouter()
	r.Group(func(r chi.Router) {
		r.Use(jwtauth.Verifier(tokenAuth))
		r.Use(jwtauth.Authenticator(tokenAuth))
		r.Get("/projects", func(w http.ResponseWriter, r *http.Request) {
			_, claims, _ := jwtauth.FromContext(r.Context())
			projects(w, claims["sub"].(string))
		})
	})
	return r
}

func jwtauthAfter(secret []byte, issuer, audience string) (http.Handler, error) {
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		return nil, err
	}
	verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer, Audience: audience, Keys: keys})
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Group(func(r chi.Router) {
		r.Use(chigate.Wrap(bearergate.RequireToken(verifier)))
		r.Get("/projects", func(w http.ResponseWriter, r *http.Request) {
			token, _ := bearergate.TokenFrom(r.Context())
			projects(w, token.Subject())
		})
	})
	return r, nil
}
