package chigate

import (
	"net/http"
	"reflect"
	"sync"

	"github.com/go-chi/chi/v5"
)

// isMounted reports whether a handler is the one that chi's Mount puts in front of
// a mounted handler. All of these have the same code.
func isMounted(handler http.Handler) bool {
	return codeOf(handler) == mountCode() && mountCode() != 0
}

var mountCode = sync.OnceValue(func() uintptr {
	router := chi.NewRouter()
	router.Mount("/mounted", http.NotFoundHandler())
	handler, _ := handlerOf(router, http.MethodGet, "/mounted/*")
	return codeOf(handler)
})

func codeOf(handler http.Handler) uintptr {
	if f, ok := handler.(http.HandlerFunc); ok {
		return reflect.ValueOf(f).Pointer()
	}
	return 0
}
