//go:build !wasip1

package gonext

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestAValueOfAnotherTypeIsNotReplacedByTheFallback(t *testing.T) {
	host := NewTestHost(t)
	host.SetConfig("limit", "many")
	if _, err := Config.Int("limit", 1); !errors.Is(err, ErrWrongType) {
		t.Errorf("an integer: %v", err)
	}
	if _, err := Config.Bool("limit", true); !errors.Is(err, ErrWrongType) {
		t.Errorf("a boolean: %v", err)
	}
	if text, err := Config.Text("limit", ""); text != "many" || err != nil {
		t.Errorf("a text: %v, %v", text, err)
	}
}

func TestNullAndAMissingValueGiveTheFallback(t *testing.T) {
	host := NewTestHost(t)
	host.SetConfig("limit", nil)
	for _, key := range []string{"limit", "other"} {
		if limit, err := Config.Int(key, 5); limit != 5 || err != nil {
			t.Errorf("%s: %v, %v", key, limit, err)
		}
	}
}

func TestAnEmptyKeyIsTheWholeConfiguration(t *testing.T) {
	host := NewTestHost(t)
	if value, err := Config.Get(""); string(value) != "{}" || err != nil {
		t.Errorf("%s, %v", value, err)
	}
	host.SetConfig("limit", 3)
	var settings struct{ Limit int }
	if err := Config.Decode("", &settings); settings.Limit != 3 || err != nil {
		t.Errorf("%v, %v", settings, err)
	}
}

func TestASecretAndAFunctionAreWhatTheTestSet(t *testing.T) {
	host := NewTestHost(t)
	host.SetSecret("TOKEN", "t0p")
	host.Stub("posts.find", func(request json.RawMessage) (any, error) {
		return map[string]json.RawMessage{"id": request}, nil
	})
	host.Stub("posts.slow", func(json.RawMessage) (any, error) { return nil, ErrTimedOut })
	if secret, err := Secrets.Get("TOKEN"); secret != "t0p" || err != nil {
		t.Errorf("the secret: %v, %v", secret, err)
	}
	var post struct{ ID int }
	if err := App.Call("posts.find", 7, &post); post.ID != 7 || err != nil {
		t.Errorf("the function: %v, %v", post, err)
	}
	var text string
	if err := App.Call("posts.find", 7, &text); !errors.Is(err, ErrWrongType) {
		t.Errorf("an answer of another type: %v", err)
	}
	if err := App.Call("posts.slow", nil, nil); err != ErrTimedOut {
		t.Errorf("a failing function: %v", err)
	}
	if err := App.Call("posts.delete", nil, nil); err != ErrNotFound {
		t.Errorf("no function: %v", err)
	}
}

func TestARequestReachesTheStubAsItWasBuilt(t *testing.T) {
	host := NewTestHost(t)
	host.StubFetch(func(request *FetchRequest) (*FetchResponse, error) {
		if request.Method != "POST" || request.Header("content-type") != "application/json" ||
			string(request.Body) != `{"a":1}` {
			t.Errorf("the request: %v", request)
		}
		return &FetchResponse{418, map[string]string{"X-Kind": "tea"}, []byte("no")}, nil
	})
	request := NewFetchRequest("POST", "https://example.com/").WithJSON(map[string]int{"a": 1})
	response, err := Fetch(request)
	if err != nil || response.Status != 418 || response.Header("x-kind") != "tea" {
		t.Errorf("the response: %v, %v", response, err)
	}
	var value any
	if err := response.JSON(&value); !errors.Is(err, ErrUpstreamFailed) {
		t.Errorf("a body that is not JSON: %v", err)
	}
	if _, err := Fetch(request.WithJSON(func() {})); err == nil {
		t.Error("a body without JSON is sent")
	}
}

func TestNothingOfAHostIsLeftAfterItsTest(t *testing.T) {
	t.Run("with a host", func(t *testing.T) { NewTestHost(t).SetSecret("TOKEN", "x") })
	if _, err := Secrets.Get("TOKEN"); err != ErrNotFound {
		t.Errorf("the secret: %v", err)
	}
	if _, err := Fetch(NewFetchRequest("GET", "https://example.com/")); err != ErrInternal {
		t.Errorf("a request: %v", err)
	}
}
