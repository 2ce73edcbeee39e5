package migration

import (
	"fmt"
	"io"
)

// projects answers for a subject.
func projects(w io.Writer, subject string) {
	fmt.Fprintln(w, "projects of", subject)
}
