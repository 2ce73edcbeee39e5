package bearergatetest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/pattern"
)

// mistake says why routes cannot be tested, or is empty.
func (r Routes) mistake() string {
	if len(r.Scopes) == 0 {
		return `Routes.Scopes lists no route; write bearergate.RouteScopes{"GET /projects": {"projects:read"}}`
	}
	if refused := refusedTable(r.Scopes); refused != nil {
		return fmt.Sprintf("Routes.Scopes is no table: %v", refused)
	}
	for _, p := range slices.Sorted(maps.Keys(r.Scopes)) {
		for field, name := range map[string]string{"Org": r.Org, "GrantInPath": r.GrantInPath} {
			if name != "" && !hasParameter(p, name) {
				return fmt.Sprintf("Routes.%s is %q, and the route %q has no such parameter; if it needs none, list it in another Routes", field, name, p)
			}
		}
	}
	for name := range r.PathValues {
		if !r.hasParameter(name) {
			return fmt.Sprintf("Routes.PathValues has a value for %q, and no route of Routes.Scopes has such a parameter", name)
		}
	}
	return ""
}

// refusedTable returns the complaint of RequireRouteScopes, nil if it accepts the table.
func refusedTable(scopes bearergate.RouteScopes) (refused any) {
	defer func() { refused = recover() }()
	bearergate.RequireRouteScopes(scopes)
	return nil
}

func (r Routes) hasParameter(name string) bool {
	for p := range r.Scopes {
		if hasParameter(p, name) {
			return true
		}
	}
	return false
}

func hasParameter(p, name string) bool {
	for parameter := range pattern.Parameters(p) {
		if parameter == name {
			return true
		}
	}
	return false
}
