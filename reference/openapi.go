package reference

import (
	"encoding/json"
	"strings"

	"github.com/bearergate/bearergate"
)

// object is a JSON object. Its members are marshaled in the order of their names.
type object = map[string]any

// openAPI returns the OpenAPI 3.1 document.
func (d *document) openAPI() ([]byte, error) {
	responses := make(object)
	for _, e := range d.Errors {
		responses[string(e.Code)] = e.response()
	}
	text, err := json.MarshalIndent(struct {
		OpenAPI    string   `json:"openapi"`
		Info       object   `json:"info"`
		Servers    []object `json:"servers"`
		Components object   `json:"components"`
	}{
		"3.1.1",
		object{"title": d.Title, "version": "1"},
		[]object{{"url": d.APIURL}},
		object{
			"responses": responses,
			"securitySchemes": object{
				"bearer": object{"type": "http", "scheme": "bearer", "description": "A token from " + d.TokenURL + "."},
			},
		},
	}, "", "  ")
	return append(text, '\n'), err
}

func (e *entry) response() object {
	r := object{"description": e.Meaning + " " + e.Remedy}
	if headers := e.headers(); len(headers) > 0 {
		r["headers"] = headers
	}
	if e.Answer.Body != "" {
		r["content"] = object{e.Answer.contentType(): e.content()}
	}
	return r
}

// headers describes the header fields, except Content-Type, which OpenAPI ignores.
func (e *entry) headers() object {
	headers := make(object)
	for name, value := range e.Answer.Header {
		switch name {
		case "Content-Type":
		case "Retry-After":
			headers[name] = object{
				"description": "The seconds to wait.",
				"schema":      object{"type": "integer", "minimum": 1}, "example": max(e.RetryAfter, 1),
			}
		default:
			headers[name] = object{"schema": object{"type": "string"}, "example": value}
		}
	}
	return headers
}

// content is the body: of the documented schema, or of a writer of the API's own.
func (e *entry) content() object {
	body := []byte(e.Answer.Body)
	if !strings.Contains(e.Answer.contentType(), "json") || !json.Valid(body) {
		return object{"example": strings.TrimSpace(e.Answer.Body)}
	}
	content := object{"example": json.RawMessage(body)}
	if e.fitsSchema(body) {
		content["schema"] = e.schema()
	}
	return content
}

func (e *entry) fitsSchema(text []byte) bool {
	var body object
	if json.Unmarshal(text, &body) != nil || body["error"] != string(e.Code) {
		return false
	}
	_, hasRequired := body["required"].(string)
	return hasRequired || e.Code != bearergate.ErrMissingScope
}

func (e *entry) schema() object {
	properties, required := object{"error": object{"const": e.Code}}, []string{"error"}
	if e.Code == bearergate.ErrMissingScope {
		properties["required"] = object{"type": "string", "description": "The missing scopes, separated by spaces."}
		required = append(required, "required")
	}
	return object{"type": "object", "properties": properties, "required": required}
}
