package installation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/scopetoken"
)

var (
	errOtherProject = malformed("a project that was not granted")
	errNoProject    = fmt.Errorf("%w: token and grant have no project in common", bearergate.ErrForbidden)
)

// boundScopes returns the scopes that are asked for. If asked is nil, these are all
// that token and grant have in common.
func boundScopes(asked []string, t *bearergate.Token, g bearergate.Grant) ([]string, error) {
	// A verifier may read scopes from an array whose entries have spaces.
	granted := slices.DeleteFunc(distinct(t.Scopes()), func(s string) bool { return !scopetoken.Valid(s) })
	if g.Scopes != nil {
		granted = common(granted, g.Scopes)
	}
	if asked == nil {
		return granted, nil
	}
	if missing := beyond(asked, granted); len(missing) > 0 {
		return nil, &bearergate.Error{Code: bearergate.ErrMissingScope, Required: strings.Join(missing, " ")}
	}
	return asked, nil
}

// boundProjects does the same for projects. No projects are all projects.
func boundProjects(asked []string, t *bearergate.Token, g bearergate.Grant) ([]string, error) {
	granted, err := commonProjects(t.ProjectIDs(), g.ProjectIDs)
	switch {
	case err != nil:
		return nil, err
	case len(asked) == 0:
		return granted, nil
	case len(granted) > 0 && len(beyond(asked, granted)) > 0:
		return nil, errOtherProject
	}
	return asked, nil
}

func commonProjects(a, b []string) ([]string, error) {
	switch {
	case len(a) == 0:
		return distinct(b), nil
	case len(b) == 0:
		return distinct(a), nil
	}
	both := common(distinct(a), b)
	if len(both) == 0 {
		return nil, errNoProject
	}
	return both, nil
}

// common returns the elements of a that are in b.
func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// beyond returns the elements of a that are not in b.
func beyond(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// distinct returns copies of the strings, each once, in their order. A copy of its
// own does not keep the text of a request or token in memory. The result is not nil.
func distinct(all []string) []string {
	seen, once := make(map[string]bool), []string{}
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			once = append(once, strings.Clone(s))
		}
	}
	return once
}
