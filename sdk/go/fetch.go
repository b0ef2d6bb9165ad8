package gonext

import (
	"fmt"
	"strings"
)

// FetchRequest is a request to another server. See Fetch.
type FetchRequest struct {
	// Method is in upper case. Empty: GET.
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	// TimeoutMillis is how long the whole request may take. The host has a limit of its own. 0: that limit.
	TimeoutMillis int `json:"timeout_ms,omitempty"`

	problem error
}

// FetchResponse is the answer of another server.
type FetchResponse struct {
	Status int `json:"status"`
	// Headers have names in lower case. Several of one name are joined by a comma and a space.
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// NewFetchRequest is a request with this method, in upper case.
func NewFetchRequest(method, url string) *FetchRequest {
	return &FetchRequest{Method: method, URL: url}
}

// WithHeader sets a header, replaces one of the same name, and returns the request.
func (r *FetchRequest) WithHeader(name, value string) *FetchRequest {
	if r.Headers == nil {
		r.Headers = map[string]string{}
	}
	for key := range r.Headers {
		if strings.EqualFold(key, name) {
			delete(r.Headers, key)
		}
	}
	r.Headers[name] = value
	return r
}

// WithBody sets the body and its content type, and returns the request.
func (r *FetchRequest) WithBody(contentType string, body []byte) *FetchRequest {
	r.Body = body
	return r.WithHeader("Content-Type", contentType)
}

// WithJSON sets a body that encoding/json encodes, and returns the request. Fetch returns the error of
// the encoding.
func (r *FetchRequest) WithJSON(body any) *FetchRequest {
	data, err := encode(body)
	r.problem = err
	return r.WithBody("application/json", data)
}

// WithTimeoutMillis sets how long the whole request may take, and returns the request.
func (r *FetchRequest) WithTimeoutMillis(milliseconds int) *FetchRequest {
	r.TimeoutMillis = milliseconds
	return r
}

// Header is the header of this name, in upper or lower case. Empty when there is none.
func (r *FetchRequest) Header(name string) string { return header(r.Headers, name) }

// Header is the header of this name, in upper or lower case. Empty when there is none.
func (r *FetchResponse) Header(name string) string { return header(r.Headers, name) }

// JSON decodes the body to target, as encoding/json does. The error wraps ErrUpstreamFailed when the body
// is not JSON of that type.
func (r *FetchResponse) JSON(target any) error {
	if err := unmarshal(r.Body, target); err != nil {
		return fmt.Errorf("%w: the body: %v", ErrUpstreamFailed, err)
	}
	return nil
}

// Fetch sends a request and waits for the response. A response of status 4xx or 5xx is not an error. Needs
// the capability http.fetch, and the origin of the URL in http.fetch.allow in the manifest.
//
//	response, err := gonext.Fetch(gonext.NewFetchRequest("GET", "https://api.example.com/items"))
func Fetch(request *FetchRequest) (*FetchResponse, error) {
	if request.problem != nil {
		return nil, request.problem
	}
	sent := *request
	if sent.Method == "" {
		sent.Method = "GET"
	}
	// In JSON an empty object and an empty text, not null.
	if sent.Headers == nil {
		sent.Headers = map[string]string{}
	}
	if sent.Body == nil {
		sent.Body = []byte{}
	}
	data, err := encode(sent)
	if err != nil {
		return nil, err
	}
	data, err = hostHTTPFetch(data)
	if err != nil {
		return nil, err
	}
	var answer struct {
		FetchResponse
		Error string `json:"error"`
	}
	if err := unmarshal(data, &answer); err != nil {
		return nil, ErrInternal
	}
	if answer.Error != "" {
		LogWarn("fetch: " + answer.Error)
		return nil, &HostError{kind: ErrUpstreamFailed, rule: upstreamRule}
	}
	if answer.Status < 100 || answer.Status > 999 || answer.Headers == nil || answer.Body == nil {
		return nil, ErrInternal
	}
	return &answer.FetchResponse, nil
}

// The statuses of the module env_net.
func netError(status int32) error {
	switch status {
	case -1:
		return failed(status, ErrBadArguments, "a request has a method, a URL of http or https, and headers"+
			" that HTTP allows; in JSON it has at most 1 MiB")
	case -2:
		return failed(status, ErrDenied,
			"the capability http.fetch is not requested in manifest.json or not granted")
	case -3:
		return failed(status, ErrBlocked, "the URL's origin is not in http.fetch.allow in manifest.json,"+
			" or the operator does not allow its address")
	case -4:
		return failed(status, ErrRateLimited, "see http.fetch.rate_per_minute in manifest.json")
	case -5:
		return failed(status, ErrUpstreamFailed, upstreamRule)
	case -6:
		return ErrNotFound
	case -7:
		return failed(status, ErrInternal, "")
	}
	if status >= 0 {
		return nil
	}
	return failed(status, nil, "")
}

const upstreamRule = "the server did not give a complete answer in time"
