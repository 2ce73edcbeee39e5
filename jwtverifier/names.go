package jwtverifier

// names finds what a claim tells by its name. There are few: a table of short
// lists is faster than a map.
type names [64][]named

type named struct {
	name string
	fact fact
}

func (n *names) list(name string) *[]named {
	var h int
	if len(name) > 0 {
		h = len(name) + 3*int(name[0]) + 5*int(name[len(name)-1])
	}
	return &n[h%len(n)]
}

func (n *names) add(name string, f fact) {
	list := n.list(name)
	*list = append(*list, named{name, f})
}

func (n *names) find(name string) (f fact, ok bool) {
	for _, known := range *n.list(name) {
		if known.name == name {
			return known.fact, true
		}
	}
	return 0, false
}
