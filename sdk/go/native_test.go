//go:build !wasip1

package gonext

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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

func TestEntriesAreKeptUntilTheTestEnds(t *testing.T) {
	NewTestHost(t)
	if first, err := KV.SetIfAbsent("a", []byte("1")); !first || err != nil {
		t.Errorf("the first: %v, %v", first, err)
	}
	if second, err := KV.SetIfAbsent("a", []byte("2")); second || err != nil {
		t.Errorf("the second: %v, %v", second, err)
	}
	if sum, err := KV.Increment("a", 4); sum != 5 || err != nil {
		t.Errorf("the sum: %v, %v", sum, err)
	}
	if err := KV.Set("a", []byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := KV.Increment("a", 1); !errors.Is(err, ErrBadArguments) {
		t.Errorf("not a number: %v", err)
	}
	if err := KV.Delete("a"); err != nil {
		t.Error(err)
	}
	if err := KV.Delete("a"); err != ErrNotFound {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestAColumnIsFoundByItsName(t *testing.T) {
	host := NewTestHost(t)
	if _, err := DB.Query("select 1"); err != ErrInternal {
		t.Errorf("without a stub: %v", err)
	}
	host.StubDB(func(sql string, args []json.RawMessage) (*Rows, error) {
		if sql != "select id, name from t where id > ?" || len(args) != 1 || string(args[0]) != "7" {
			t.Errorf("the statement: %v %s", sql, args)
		}
		return NewRows([]string{"id", "name"}, []any{"9007199254740993", nil}, []any{1, "7"}), nil
	})
	rows, err := DB.Query("select id, name from t where id > ?", 7)
	if err != nil || rows.Len() != 2 || rows.RowsAffected != 2 {
		t.Fatalf("the rows: %v, %v", rows, err)
	}
	if id, err := Column[int64](rows.Row(0), "id"); id != 9007199254740993 || err != nil {
		t.Errorf("the id: %v, %v", id, err)
	}
	if name, err := Column[*string](rows.Row(0), "name"); name != nil || err != nil {
		t.Errorf("null: %v, %v", name, err)
	}
	if name, err := Column[string](rows.Row(1), "name"); name != "7" || err != nil {
		t.Errorf("a text: %v, %v", name, err)
	}
	if number, err := Column[*float64](rows.Row(1), "name"); err != nil || *number != 7 {
		t.Errorf("a number in a text: %v, %v", number, err)
	}
	_, err = Column[bool](rows.Row(1), "id")
	if !errors.Is(err, ErrWrongType) || !strings.HasSuffix(err.Error(), "column id is not a boolean") {
		t.Errorf("a boolean: %v", err)
	}
	if _, err := Column[any](rows.Row(1), "title"); !errors.Is(err, ErrWrongType) {
		t.Errorf("no column: %v", err)
	}
}

func TestABatchRunsItsStatementsAndEnqueuesItsJobs(t *testing.T) {
	host := NewTestHost(t)
	host.StubDB(func(sql string, _ []json.RawMessage) (*Rows, error) {
		if sql == "fail" {
			return nil, ErrRejected
		}
		return &Rows{RowsAffected: 2}, nil
	})
	batch := (&Batch{}).Exec("delete from t").Enqueue(&NewJob{Name: "after"})
	if results, err := DB.Batch(batch); err != nil || len(results) != 1 || results[0].RowsAffected != 2 {
		t.Errorf("the results: %v, %v", results, err)
	}
	if calls := host.Calls(); len(calls) != 1 || calls[0] != `job_enqueue {"job":"after"}` {
		t.Errorf("the calls: %q", calls)
	}
	if _, err := DB.Batch(batch.Exec("fail")); err != ErrRejected || len(host.Calls()) != 1 {
		t.Errorf("a failure: %v", err)
	}
	if _, err := DB.Batch((&Batch{}).Exec("x", func() {})); err == nil {
		t.Error("an argument without JSON is sent")
	}
}

func TestWhatAPluginSendsIsRecorded(t *testing.T) {
	host := NewTestHost(t)
	for _, err := range []error{
		Audit("my.done", 1),
		Events.Emit("paid", map[string]int{"id": 7}),
		Span.Event("miss", struct{}{}),
		Metrics.Observe("orders", 2.5, map[string]string{"kind": "ü"}),
		Cache.Invalidate("post:1", "all"),
		Jobs.Schedule(&Cron{EveryMillis: 60_000, Job: "tick"}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{
		`audit_emit {"event":"my.done","data":1}`,
		`event_emit "paid" {"id":7}`,
		`span_event "miss" {}`,
		`metric_observe "orders" 2.5 {"kind":"ü"}`,
		`cache_invalidate ["post:1","all"]`,
		`cron_register {"schedule":{"every_ms":60000},"handler_id":"tick"}`,
	}
	if calls := host.Calls(); !slices.Equal(calls, want) {
		t.Errorf("the calls: %q", calls)
	}
}

func TestOfJobsWithOneKeyTheFirstIsCreated(t *testing.T) {
	NewTestHost(t)
	job := &NewJob{Name: "send", IdempotencyKey: "k"}
	first, err := Jobs.Enqueue(job)
	if err != nil || !first.Created {
		t.Fatalf("the first: %v, %v", first, err)
	}
	if other, err := Jobs.Enqueue(&NewJob{Name: "send"}); err != nil || !other.Created || other.ID == first.ID {
		t.Errorf("another: %v, %v", other, err)
	}
	if second, err := Jobs.Enqueue(job); err != nil || second.Created || second.ID != first.ID {
		t.Errorf("the second: %v, %v", second, err)
	}
}

func TestAStubTranslates(t *testing.T) {
	host := NewTestHost(t)
	if _, err := I18n.Translate("hi", "de"); err != ErrNotFound {
		t.Errorf("without a stub: %v", err)
	}
	host.StubTranslate(func(key, locale string, args json.RawMessage) (string, error) {
		return key + locale + string(args), nil
	})
	if text, err := I18n.Translate("hi", "de"); text != "hide" || err != nil {
		t.Errorf("a text: %v, %v", text, err)
	}
	if text, err := I18n.Format("hi", "de", map[string]int{"n": 1}); text != `hide{"n":1}` || err != nil {
		t.Errorf("a text with arguments: %v, %v", text, err)
	}
}

func TestAJobHasItsEffectOnceAndAsksForARetry(t *testing.T) {
	host := NewTestHost(t)
	payload := []byte(`{"kind":"job","id":"j","args":5,"idempotency_key":"k","attempt":2}`)
	if _, err := CallJob("send", payload); err != ErrUnknownHook {
		t.Errorf("an unknown job: %v", err)
	}
	t.Cleanup(func() { clear(jobs) })
	HandleJob("send", func(job *Job) error {
		first, err := KV.SetIfAbsent("sent:"+job.IdempotencyKey, nil)
		if err != nil || !first {
			return err
		}
		return Events.Emit("sent", map[string]json.RawMessage{"n": job.Args})
	})
	HandleJob("later", func(job *Job) error {
		return fmt.Errorf("attempt %d: %w", job.Attempt, RetryIn(500, "not yet"))
	})
	for range 2 {
		if body, err := CallJob("send", payload); body != nil || err != nil {
			t.Errorf("a run: %s, %v", body, err)
		}
	}
	if calls := host.Calls(); len(calls) != 1 || calls[0] != `event_emit "sent" {"n":5}` {
		t.Errorf("the calls: %q", calls)
	}
	if body, err := CallJob("later", payload); string(body) != `{"retry_in_ms":500}` || err != nil {
		t.Errorf("a retry: %s, %v", body, err)
	}
	if _, err := CallJob("send", []byte("{}")); !errors.Is(err, ErrBadPayload) {
		t.Errorf("a bad payload: %v", err)
	}
}
