package health

import "net/http"

// Live returns a handler that always answers 200: the process serves requests.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused(w, r) {
			return
		}
		answer(w, r, http.StatusOK, struct {
			Live bool `json:"live"`
		}{true})
	})
}
