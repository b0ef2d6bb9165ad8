package gonext

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Request is a request for one of the plugin's routes.
type Request struct {
	// Method is in upper case. A route for GET also serves HEAD requests and sees them as GET.
	Method string `json:"method"`
	// Route is the path under which the route was registered, such as "/hello/{name}".
	Route string `json:"route"`
	// Path is below the plugin's own prefix, as the client sent it: percent-encoded, begins with a
	// slash.
	Path string `json:"path"`
	// RawQuery is without the question mark.
	RawQuery string `json:"query"`
	// Headers has what the host passes on: those that the manifest names in http.request_headers;
	// without that field User-Agent, Accept, Accept-Language, Content-Type and Authorization.
	Headers map[string]string `json:"headers"`
	// Params is what stands in the path for each {name}, decoded.
	Params map[string]string `json:"path_params"`
	// Body is any bytes.
	Body []byte `json:"body"`
}

// Param is what stands in the path for {name}, decoded; empty when the route has none of that name.
func (r *Request) Param(name string) string {
	return r.Params[name]
}

// Header is the header of this name, in any case; empty when there is none.
func (r *Request) Header(name string) string {
	for key, value := range r.Headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// Query is the first parameter of this name in the query, decoded, and whether there is one.
func (r *Request) Query(name string) (string, bool) {
	for rest, more := r.RawQuery, r.RawQuery != ""; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		key, value, _ := strings.Cut(pair, "=")
		if decoded(strings.ReplaceAll(key, "+", " ")) == name {
			return decoded(strings.ReplaceAll(value, "+", " ")), true
		}
	}
	return "", false
}

// JSON puts the body into target, as encoding/json does, but takes no key twice in one object. Its error wraps ErrBadPayload, which a route
// answers with 400.
func (r *Request) JSON(target any) error {
	if err := unmarshal(r.Body, target); err != nil {
		return fmt.Errorf("%w: the body: %v", ErrBadPayload, err)
	}
	return nil
}

// Response is what a route answers.
type Response struct {
	// Status is from 200 to 599.
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// Bytes is 200 with a body of this type.
func Bytes(contentType string, body []byte) *Response {
	if body == nil {
		body = []byte{} // in JSON an empty text, not null
	}
	return &Response{200, map[string]string{"Content-Type": contentType}, body}
}

// Empty is a status without a body.
func Empty(status int) *Response {
	return &Response{status, map[string]string{}, []byte{}}
}

// Text is 200 with plain text.
func Text(body string) *Response {
	return Bytes("text/plain; charset=utf-8", []byte(body))
}

// HTML is 200 with HTML.
func HTML(body string) *Response {
	return Bytes("text/html; charset=utf-8", []byte(body))
}

// JSON is 200 with a value as encoding/json writes it, and the error that may have.
func JSON(body any) (*Response, error) {
	encoded, err := encode(body)
	if err != nil {
		return nil, err
	}
	return Bytes("application/json", encoded), nil
}

// WithStatus sets the status, from 200 to 599, and returns the response.
func (r *Response) WithStatus(status int) *Response {
	r.Status = status
	return r
}

// WithHeader sets a header, in place of one of that name in any case, and returns the response.
func (r *Response) WithHeader(name, value string) *Response {
	for key := range r.Headers {
		if strings.EqualFold(key, name) {
			delete(r.Headers, key)
		}
	}
	r.Headers[name] = value
	return r
}

// ExtValue is a text for a header's parameter that ends in *, as RFC 8187 says: the host takes no
// other characters than those of Latin-1 in a header.
//
//	response.WithHeader("Content-Disposition", "attachment; filename*="+gonext.ExtValue("Übersicht €.txt"))
func ExtValue(text string) string {
	const plain = "!#$&+-.^_`|~"
	var out strings.Builder
	out.WriteString("UTF-8''")
	for _, b := range []byte(text) {
		letter := 'a' <= b|0x20 && b|0x20 <= 'z'
		if letter || '0' <= b && b <= '9' || strings.IndexByte(plain, b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// Route serves one method and path.
type Route func(r *Request) (*Response, error)

type route struct {
	method  string
	path    string
	handler Route
}

var routes []route

// Get serves GET, and HEAD, at a path such as "/hello/{name}".
func Get(path string, handler Route) { Handle("GET", path, handler) }

// Post serves POST at a path.
func Post(path string, handler Route) { Handle("POST", path, handler) }

// Put serves PUT at a path.
func Put(path string, handler Route) { Handle("PUT", path, handler) }

// Delete serves DELETE at a path.
func Delete(path string, handler Route) { Handle("DELETE", path, handler) }

// Handle serves a method, in upper case, at a path.
func Handle(method, path string, handler Route) {
	routes = append(routes, route{method, path, handler})
}

func serveRequest(raw json.RawMessage, _ Args) (any, error) {
	if string(raw) == "null" {
		return nil, fmt.Errorf("%w: this is no request", ErrBadPayload)
	}
	request, err := decode[Request](raw)
	if err != nil {
		return nil, err
	}
	if request.Method == "" || request.Path == "" {
		return nil, fmt.Errorf("%w: this is no request", ErrBadPayload)
	}
	if request.Route == "" {
		return nil, fmt.Errorf("%w: the request has no route: this SDK needs GoNext 0.1.0 or newer", ErrBadPayload)
	}
	for _, candidate := range routes {
		if candidate.method == request.Method && candidate.path == request.Route {
			response, err := candidate.handler(&request)
			if errors.Is(err, ErrBadPayload) {
				LogWarn(err.Error())
				return Text("bad request").WithStatus(400), nil
			}
			return response, err
		}
	}
	LogWarn("no handler for " + request.Method + " " + request.Route)
	return Text("not found").WithStatus(404), nil
}

// Without its percent signs; one that is followed by no two hexadecimal digits stays.
func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if plain, err := url.PathUnescape(text[i : i+3]); err == nil {
				out.WriteString(plain)
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// The routes as they were registered.
func describedRoutes() []any {
	described := make([]any, 0, len(routes))
	for _, r := range routes {
		described = append(described, map[string]any{"method": r.method, "path": r.path})
	}
	return described
}
