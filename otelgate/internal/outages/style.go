package outages

import (
	"fmt"

	"github.com/bearergate/bearergate"
)

// style is the colors of all pictures, in the light and in the dark.
const style = `
text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#3d444d}
.title{font-size:14px;font-weight:600;fill:#1f2328}.name{font-weight:600}.tick{fill:#59636e}.end{text-anchor:end}.mid{text-anchor:middle}
.bg{fill:#fff;stroke:#d1d9e0}.grid{stroke:#1f2328;stroke-opacity:.12;fill:none}.outage{fill:#d1242f;fill-opacity:.07}
.edge{stroke:#d1242f;stroke-dasharray:3 3;fill:none}.event{fill:#c21d28;font-weight:600}.l{fill:none;stroke-width:2}
.pass{fill:#7fc29b}.s401{fill:#8c6bd1}.s410{fill:#9a6b3f}.s429{fill:#e5a50a}.s500{fill:#8a1538}.s503{fill:#d1242f}.gone{fill:#8b949e}.sel{fill:#57606a}
.b{fill-opacity:.55}.l0{fill:#0969da}.l1{fill:#d1242f}.l.l0{stroke:#0969da;fill:none}.l.l1{stroke:#d1242f;fill:none}
@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.title{fill:#f0f6fc}.tick{fill:#9198a1}.bg{fill:#0d1117;stroke:#3d444d}
.grid{stroke:#f0f6fc;stroke-opacity:.15}.outage{fill:#ff7b72;fill-opacity:.13}.edge{stroke:#ff7b72}.event{fill:#ff7b72}
.pass{fill:#2f7d4f}.s401{fill:#a684e8}.s410{fill:#bd8a5a}.s429{fill:#d29922}.s500{fill:#c2416b}.s503{fill:#f0524a}
.l0{fill:#58a6ff}.l1{fill:#ff7b72}.l.l0{stroke:#58a6ff}.l.l1{stroke:#ff7b72}}
`

// classOf returns the class of the color of a code.
func classOf(code string) string {
	switch code {
	case passed:
		return "pass"
	case noAnswer:
		return "gone"
	case string(bearergate.ErrInvalidGrant), string(bearergate.ErrInvalidClient):
		return "s401 b"
	}
	return fmt.Sprint("s", bearergate.Code(code).Status())
}

// codeText returns a code with its status.
func codeText(code string) string {
	switch code {
	case passed:
		return "passed"
	case noAnswer:
		return code
	}
	return fmt.Sprint(bearergate.Code(code).Status(), " ", code)
}
