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
	// Path is the path below the plugin's prefix, as the client sent it: percent-encoded, begins with a
	// slash.
	Path string `json:"path"`
	// RawQuery is the query without the question mark.
	RawQuery string `json:"query"`
	// Headers are those that the manifest names in http.request_headers. Without that field they are
	// User-Agent, Accept, Accept-Language, Content-Type and Authorization.
	Headers map[string]string `json:"headers"`
	// Params are the parts of the path that each {name} matched, decoded.
	Params map[string]string `json:"path_params"`
	// Body is any bytes.
	Body []byte `json:"body"`
}

// Param is the part of the path that {name} matched, decoded. Empty when the route has no {name}.
func (r *Request) Param(name string) string {
	return r.Params[name]
}

// Header is the header of this name, in upper or lower case. Empty when there is none.
func (r *Request) Header(name string) string { return header(r.Headers, name) }

func header(headers map[string]string, name string) string {
	for key, value := range headers {
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

// JSON decodes the body to target, as encoding/json does, but refuses an object that has the same key
// twice. Its error wraps ErrBadPayload, for which a route answers 400.
func (r *Request) JSON(target any) error {
	if err := unmarshal(r.Body, target); err != nil {
		return fmt.Errorf("%w: the body: %v", ErrBadPayload, err)
	}
	return nil
}

// Response is the response of a route.
type Response struct {
	// Status is from 200 to 599.
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// Bytes is status 200 with a body of this content type.
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

// Text is status 200 with plain text.
func Text(body string) *Response {
	return Bytes("text/plain; charset=utf-8", []byte(body))
}

// HTML is status 200 with HTML.
func HTML(body string) *Response {
	return Bytes("text/html; charset=utf-8", []byte(body))
}

// JSON is status 200 with a value that encoding/json encodes, or the error of the encoding.
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

// WithHeader sets a header, replaces one of the same name, and returns the response.
func (r *Response) WithHeader(name, value string) *Response {
	for key := range r.Headers {
		if strings.EqualFold(key, name) {
			delete(r.Headers, key)
		}
	}
	r.Headers[name] = value
	return r
}

// ExtValue encodes a text for a header parameter whose name ends in *, as RFC 8187 says. The host
// accepts only Latin-1 characters in a header.
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

// Get serves GET and HEAD at a path such as "/hello/{name}".
func Get(path string, handler Route) { Handle("GET", path, handler) }

// Post serves POST at a path.
func Post(path string, handler Route) { Handle("POST", path, handler) }

// Put serves PUT at a path.
func Put(path string, handler Route) { Handle("PUT", path, handler) }

// Delete serves DELETE at a path.
func Delete(path string, handler Route) { Handle("DELETE", path, handler) }

// Handle serves a method, in upper case, at a path. Write the path as the manifest has it: the host
// names the route by the manifest's text.
func Handle(method, path string, handler Route) {
	routes = append(routes, route{method, path, handler})
}

func serveRequest(raw json.RawMessage, _ Args) (any, error) {
	if string(raw) == "null" {
		return nil, fmt.Errorf("%w: the value is not a request", ErrBadPayload)
	}
	request, err := decode[Request](raw)
	if err != nil {
		return nil, err
	}
	if request.Method == "" || request.Path == "" {
		return nil, fmt.Errorf("%w: the value is not a request", ErrBadPayload)
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

// Decodes the percent-encoding of a text. A percent sign without two hexadecimal digits stays.
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

// The routes in the order of registration.
func describedRoutes() []any {
	described := make([]any, 0, len(routes))
	for _, r := range routes {
		described = append(described, map[string]any{"method": r.method, "path": r.path})
	}
	return described
}
