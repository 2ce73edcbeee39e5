package tokenendpoint

import (
	"net/http"

	"github.com/bearergate/bearergate"
)

var errMethod = malformed("the method is not POST")

// refuseMethod answers 405, through the error writer that answers every refusal.
func refuseMethod(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	bearergate.Refuse(methodWriter{w}, r, errMethod)
}

// methodWriter replaces the status of an error by 405, which the table of errors
// does not have.
type methodWriter struct{ http.ResponseWriter }

func (w methodWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(http.StatusMethodNotAllowed) }

// Unwrap is for [http.ResponseController].
func (w methodWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
