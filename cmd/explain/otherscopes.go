package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/jwtverifier"
)

// printOtherScopes prints where the token has scopes that the route requires, if the
// verifier does not read them there.
func (s *settings) printOtherScopes(w io.Writer, v *jwtverifier.Verifier, token string) {
	t, err := v.VerifyToken(context.Background(), token)
	if err != nil {
		return
	}
	var claims map[string]any
	if t.Decode(&claims) != nil {
		return
	}
	for _, scope := range s.scopes {
		if t.HasScope(scope) {
			continue
		}
		for _, path := range find(claims, scope, nil) {
			fmt.Fprintf(w, "the token has %q in another claim: -scope-claim '%s' (Config.ScopeClaims)\n", scope, path)
		}
	}
}

// find returns the paths of the strings and arrays that have the scope.
func find(value any, scope string, path jwtverifier.ClaimPath) (paths []jwtverifier.ClaimPath) {
	switch v := value.(type) {
	case string:
		if slices.Contains(strings.Fields(v), scope) {
			paths = append(paths, slices.Clone(path))
		}
	case []any:
		if slices.Contains(v, any(scope)) {
			paths = append(paths, slices.Clone(path))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			paths = append(paths, find(v[name], scope, append(path, name))...)
		}
	}
	return paths
}
