package bearergate

import "net/http"

// maxFields is how many fields writeError sets: always four, and Pragma,
// WWW-Authenticate, Retry-After and Link.
const maxFields = 8

// fields sets the header fields of one response. Their slices are cut from one array,
// to spare an allocation for each, and belong to this response alone.
type fields struct {
	header http.Header
	values *[maxFields]string
	n      int
}

// set replaces a field. The name must be canonical.
func (f *fields) set(name, value string) { f.header[name] = f.slice(value) }

// add adds a line to a field. The name must be canonical.
func (f *fields) add(name, value string) {
	if before := f.header[name]; before != nil {
		f.header[name] = append(before, value)
		return
	}
	f.set(name, value)
}

func (f *fields) slice(value string) []string {
	i := f.n
	f.n++
	f.values[i] = value
	return f.values[i:f.n:f.n]
}
