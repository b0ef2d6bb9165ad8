package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonext.io/gonext"
)

// A host with a configuration, a token, and texts that are their keys.
func newHost(t *testing.T, approval bool) *gonext.TestHost {
	host := gonext.NewTestHost(t)
	host.SetConfig("title", `Tom & "Jerry"`)
	host.SetConfig("page_size", 2)
	host.SetConfig("approval", approval)
	host.SetSecret("MODERATOR_TOKEN", "t0ken")
	host.StubTranslate(func(key, locale string, _ json.RawMessage) (string, error) {
		return key + "@" + locale, nil
	})
	return host
}

// Runs a request as the host does. The route is the path without its last part where that is an id.
func send(t *testing.T, method, path, token, body string) gonext.Response {
	t.Helper()
	path, query, _ := strings.Cut(path, "?")
	request := gonext.Request{
		Method: method, Route: path, Path: path, RawQuery: query, Body: []byte(body),
		Headers: map[string]string{"accept-language": "de", "authorization": "Bearer " + token},
	}
	if id, found := strings.CutPrefix(path, "/entries/"); found {
		request.Route, request.Params = "/entries/{id}", map[string]string{"id": id}
	}
	payload, err := json.Marshal(map[string]any{"kind": "filter", "value": request, "args": []any{}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := gonext.Call("http.serve.guestbook", payload)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Value gonext.Response }
	if err := json.Unmarshal(result, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Value
}

func rows(texts ...[]any) *gonext.Rows {
	return gonext.NewRows([]string{"id", "author", "message", "posted_at"}, texts...)
}

func TestThePageEscapesAllTexts(t *testing.T) {
	host := newHost(t, false)
	host.StubDB(func(sql string, _ []json.RawMessage) (*gonext.Rows, error) {
		if strings.HasPrefix(sql, "select count") {
			return gonext.NewRows([]string{"total"}, []any{1}), nil
		}
		return rows([]any{"a1", `<b title="x">`, "<script>alert('hi')</script>", "2026-11-30T01:02:03Z"}), nil
	})
	response := send(t, "GET", "/", "", "")
	page := string(response.Body)
	for _, part := range []string{
		"<h1>Tom &amp; &#34;Jerry&#34;</h1>", "&lt;b title=&#34;x&#34;&gt;", "&lt;script&gt;", "count@de",
		`<time datetime="2026-11-30T01:02:03Z">2026-11-30</time>`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is not in %s", part, page)
		}
	}
	if strings.Contains(page, "<script") || response.Headers["Cache-Tag"] != "guestbook" {
		t.Errorf("the answer: %v %s", response.Headers, page)
	}
}

func TestAPageEndsWhereTheNextBegins(t *testing.T) {
	host := newHost(t, false)
	host.StubDB(func(_ string, args []json.RawMessage) (*gonext.Rows, error) {
		if string(args[1]) != `"c9"` || string(args[2]) != "3" {
			t.Errorf("the arguments: %s", args)
		}
		return rows([]any{"c3", "a", "m", "t"}, []any{"b2", "a", "m", "t"}, []any{"a1", "a", "m", "t"}), nil
	})
	var found list
	if err := json.Unmarshal(send(t, "GET", "/entries?before=c9", "", "").Body, &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Entries) != 2 || found.Next != "?before=b2" {
		t.Errorf("the page: %v", found)
	}
}

func TestAnEntryIsKeptCountedAndAnnounced(t *testing.T) {
	host := newHost(t, false)
	host.StubDB(func(string, []json.RawMessage) (*gonext.Rows, error) {
		return &gonext.Rows{RowsAffected: 1}, nil
	})
	response := send(t, "POST", "/entries", "", `{"author":" Ada ","message":"Hello"}`)
	var posted entry
	if err := json.Unmarshal(response.Body, &posted); err != nil || response.Status != 201 {
		t.Fatalf("the answer: %v, %v", response, err)
	}
	if posted.Author != "Ada" || !posted.Shown || len(posted.ID) != 32 {
		t.Errorf("the entry: %v", posted)
	}
	if calls := host.Calls(); !slices.Equal(calls, []string{
		`cache_invalidate ["guestbook"]`,
		`metric_observe "guestbook_entries" 1 {"state":"shown"}`,
		`event_emit "entry_added" ` + string(response.Body),
	}) {
		t.Errorf("the calls: %q", calls)
	}
}

func TestAnEntryThatWaitsChangesNoPage(t *testing.T) {
	host := newHost(t, true)
	host.StubDB(func(_ string, args []json.RawMessage) (*gonext.Rows, error) {
		if string(args[1]) != `"Ada & co"` || string(args[4]) != "false" {
			t.Errorf("the arguments: %s", args)
		}
		return &gonext.Rows{RowsAffected: 1}, nil
	})
	response := send(t, "POST", "/", "", "author=Ada+%26+co&message=Hello")
	if response.Status != 303 || response.Headers["Location"] != "?waiting=1" {
		t.Errorf("the answer: %v", response)
	}
	if strings.Contains(strings.Join(host.Calls(), "\n"), "cache_invalidate") {
		t.Errorf("the calls: %q", host.Calls())
	}
}

func TestAnInsertThatTimedOutIsTriedAgainUnderTheSameID(t *testing.T) {
	host := newHost(t, false)
	var ids []string
	host.StubDB(func(_ string, args []json.RawMessage) (*gonext.Rows, error) {
		if ids = append(ids, string(args[0])); len(ids) == 1 {
			return nil, gonext.ErrTimedOut
		}
		return nil, &gonext.HostError{Status: -14, SQLState: "23505"}
	})
	response := send(t, "POST", "/entries", "", `{"author":"Ada","message":"Hello"}`)
	if response.Status != 201 || len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("%d, ids %s", response.Status, ids)
	}
}

func TestAFailureOfTheDatabaseHasAnAnswer(t *testing.T) {
	for failure, status := range map[error]int{
		gonext.ErrQuota: 507, gonext.ErrTimedOut: 503, gonext.ErrConflict: 503, gonext.ErrRateLimited: 503,
	} {
		host := newHost(t, false)
		host.StubDB(func(string, []json.RawMessage) (*gonext.Rows, error) { return nil, failure })
		response := send(t, "POST", "/entries", "", `{"author":"Ada","message":"Hello"}`)
		if response.Status != status || len(host.Calls()) > 0 {
			t.Errorf("%v: %v, %q", failure, response, host.Calls())
		}
	}
}

func TestANameAndAMessageHaveLimits(t *testing.T) {
	newHost(t, false) // a statement would fail
	for _, author := range []string{"", "  ", strings.Repeat("ü", 81), `a\u0000`} {
		response := send(t, "POST", "/entries", "", `{"author":"`+author+`","message":"Hello"}`)
		if response.Status != 400 || string(response.Body) != "invalid@de" {
			t.Errorf("%q: %v", author, response)
		}
	}
}

func TestAModeratorShowsAndDeletes(t *testing.T) {
	host := newHost(t, true)
	host.StubDB(func(sql string, args []json.RawMessage) (*gonext.Rows, error) {
		return &gonext.Rows{RowsAffected: int64(strings.Count(string(args[len(args)-1]), "a1"))}, nil
	})
	for _, c := range []struct {
		method, path, token, body string
		status                    int
	}{
		{"PUT", "/entries/a1", "t0ken", `{"shown":true}`, 204},
		{"PUT", "/entries/a1", "t0ken", `{}`, 400},
		{"PUT", "/entries/b2", "t0ken", `{"shown":true}`, 404},
		{"PUT", "/entries/a1", "other", `{"shown":true}`, 403},
		{"DELETE", "/entries/a1", "t0ken", "", 204},
		{"DELETE", "/entries/a1", "", "", 403},
		{"GET", "/waiting", "", "", 403},
	} {
		if response := send(t, c.method, c.path, c.token, c.body); response.Status != c.status {
			t.Errorf("%v: %v", c, response)
		}
	}
	if calls := host.Calls(); len(calls) != 2 {
		t.Errorf("the calls: %q", calls)
	}
	host.SetSecret("MODERATOR_TOKEN", "")
	if response := send(t, "DELETE", "/entries/a1", "", ""); response.Status != 403 {
		t.Errorf("without a token: %v", response)
	}
}

func TestAllLanguagesHaveTheSameTexts(t *testing.T) {
	files, err := filepath.Glob("locales/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	var keys []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		these := slices.Sorted(maps.Keys(texts))
		if keys == nil {
			keys = these
		}
		if !slices.Equal(keys, these) {
			t.Errorf("%s has %v and not %v", file, these, keys)
		}
	}
}
