//go:build !wasip1

package gonext

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"
)

func hostLog(level int32, text string) {
	fmt.Fprintf(os.Stderr, "[%s] %s\n", [...]string{"debug", "info", "warn", "error"}[level], text)
}

func hostTimeMillis() int64 { return time.Now().UnixMilli() }

func hostAuditEmit([]byte) int32 { return -2 }

func hostKVGet(string) ([]byte, error) { return nil, ErrInternal }

func hostKVSet(string, []byte) error { return ErrInternal }

func hostKVDelete(string) error { return ErrInternal }

func hostKVIncrement(string, int64) ([]byte, error) { return nil, ErrInternal }

// TestHost is the host of a test: its settings are what Config, Secrets, App and Fetch return. It exists
// only natively. The package has one at a time, so tests that use one do not run in parallel. Without a
// setting there is no configuration, no secret and no function, and Fetch fails with ErrInternal.
type TestHost struct {
	config    map[string]any
	secrets   map[string]string
	functions map[string]func(request json.RawMessage) (any, error)
	server    func(request *FetchRequest) (*FetchResponse, error)
}

var testHost = &TestHost{}

// NewTestHost starts without settings. t is the *testing.T; the settings end with its test.
func NewTestHost(t interface{ Cleanup(func()) }) *TestHost {
	testHost = &TestHost{
		config:    map[string]any{},
		secrets:   map[string]string{},
		functions: map[string]func(json.RawMessage) (any, error){},
	}
	t.Cleanup(func() { testHost = &TestHost{} })
	return testHost
}

// SetConfig sets a value of the plugin's configuration, which encoding/json encodes.
func (h *TestHost) SetConfig(key string, value any) { h.config[key] = value }

// SetSecret sets a secret.
func (h *TestHost) SetSecret(name, value string) { h.secrets[name] = value }

// Stub answers the calls of a function of the application. encoding/json encodes the answer; the caller
// gets an error as it is.
func (h *TestHost) Stub(name string, function func(request json.RawMessage) (any, error)) {
	h.functions[name] = function
}

// StubFetch answers the requests of Fetch.
func (h *TestHost) StubFetch(server func(request *FetchRequest) (*FetchResponse, error)) {
	h.server = server
}

func hostConfigGet(key string) ([]byte, error) {
	if key == "" {
		return encode(maps.Clone(testHost.config))
	}
	value, found := testHost.config[key]
	if !found {
		return nil, ErrNotFound
	}
	return encode(value)
}

func hostSecretsGet(name string) ([]byte, error) {
	value, found := testHost.secrets[name]
	if !found {
		return nil, ErrNotFound
	}
	return []byte(value), nil
}

func hostAppCall(name string, request []byte) ([]byte, error) {
	function, found := testHost.functions[name]
	if !found {
		return nil, ErrNotFound
	}
	answer, err := function(request)
	if err != nil {
		return nil, err
	}
	return encode(answer)
}

func hostHTTPFetch(data []byte) ([]byte, error) {
	if testHost.server == nil {
		return nil, ErrInternal
	}
	var request FetchRequest
	if err := json.Unmarshal(data, &request); err != nil {
		return nil, ErrInternal
	}
	response, err := testHost.server(&request)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{}
	for name, value := range response.Headers {
		headers[strings.ToLower(name)] = value
	}
	return encode(FetchResponse{response.Status, headers, append([]byte{}, response.Body...)})
}
