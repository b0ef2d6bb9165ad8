package main

import (
	"errors"
	"testing"

	"gonext.io/gonext"
)

// Runs the plugin's hooks natively: go test.
func TestHooks(t *testing.T) {
	for _, c := range []struct{ hook, payload, expected string }{
		{"the_content", `{"kind":"filter","value":"a *b* c*","args":[]}`,
			`{"value":"a <em>b</em> c*"}`},
		{"save_post", `{"kind":"action","args":[42]}`, ""},
		// The body in base64: Hello, Ada!
		{"http.serve.hello-go", `{"kind":"filter","value":{"method":"GET","route":"/hello/{name}",
			"path":"/hello/Ada","query":"","headers":{},"path_params":{"name":"Ada"},"body":""},"args":[]}`,
			`{"value":{"status":200,"headers":{"Content-Type":"text/plain; charset=utf-8"},` +
				`"body":"SGVsbG8sIEFkYSE="}}`},
	} {
		body, err := gonext.Call(c.hook, []byte(c.payload))
		if err != nil || string(body) != c.expected {
			t.Errorf("%s answers %s, %v", c.hook, body, err)
		}
	}
}

func TestAPayloadOfAnotherShapeIsRefused(t *testing.T) {
	_, err := gonext.Call("the_content", []byte(`{"kind":"filter","value":1,"args":[]}`))
	if !errors.Is(err, gonext.ErrBadPayload) {
		t.Errorf("it ends with %v", err)
	}
}
