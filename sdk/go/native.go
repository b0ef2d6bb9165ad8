//go:build !wasip1

package gonext

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

func hostLog(level int32, text string) {
	fmt.Fprintf(os.Stderr, "[%s] %s\n", [...]string{"debug", "info", "warn", "error"}[level], text)
}

func hostTimeMillis() int64 { return time.Now().UnixMilli() }

func hostLastError() []byte { return nil }

// TestHost is the host of a test. It exists only natively. The package has one at a time, so tests that use
// one do not run in parallel. Without a setting there is no configuration, no secret, no function and no
// translation, and Fetch and DB fail with ErrInternal. Capabilities and limits are not tested.
type TestHost struct {
	entries    map[string][]byte
	config     map[string]any
	secrets    map[string]string
	functions  map[string]func(request json.RawMessage) (any, error)
	server     func(request *FetchRequest) (*FetchResponse, error)
	database   func(sql string, args []json.RawMessage) (*Rows, error)
	translator func(key, locale string, args json.RawMessage) (string, error)
	// The idempotency keys of jobs, in the order of the jobs.
	jobKeys []string
	calls   []string
}

var testHost = newTestHost()

func newTestHost() *TestHost {
	return &TestHost{
		entries:   map[string][]byte{},
		config:    map[string]any{},
		secrets:   map[string]string{},
		functions: map[string]func(json.RawMessage) (any, error){},
	}
}

// NewTestHost starts without settings. t is the *testing.T; what the host holds ends with its test.
func NewTestHost(t interface{ Cleanup(func()) }) *TestHost {
	testHost = newTestHost()
	t.Cleanup(func() { testHost = newTestHost() })
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

// StubDB answers the statements of DB, one call for each: with NewRows, or with &Rows{RowsAffected: n}.
func (h *TestHost) StubDB(database func(sql string, args []json.RawMessage) (*Rows, error)) {
	h.database = database
}

// StubTranslate answers I18n. The arguments are nil for Translate.
func (h *TestHost) StubTranslate(translator func(key, locale string, args json.RawMessage) (string, error)) {
	h.translator = translator
}

// Calls are what the plugin sent so far, one text for each call: the name of the function without gn_, then
// its arguments in JSON. The functions are audit_emit, event_emit, span_event, metric_observe,
// cache_invalidate, job_enqueue and cron_register.
func (h *TestHost) Calls() []string { return h.calls }

// NewRows are rows for a TestHost. encoding/json encodes the values; it panics for one that it cannot encode.
func NewRows(columns []string, rows ...[]any) *Rows {
	answer := &Rows{Columns: columns, RowsAffected: int64(len(rows))}
	for _, row := range rows {
		values := make([]json.RawMessage, len(row))
		for i, value := range row {
			data, err := encode(value)
			if err != nil {
				panic(err)
			}
			values[i] = data
		}
		answer.values = append(answer.values, values)
	}
	return answer
}

func (h *TestHost) record(function string, args ...[]byte) {
	call := function
	for _, arg := range args {
		call += " " + string(arg)
	}
	h.calls = append(h.calls, call)
}

func quoted(text string) []byte {
	data, _ := encode(text)
	return data
}

func hostKVGet(key string) ([]byte, error) {
	value, found := testHost.entries[key]
	if !found {
		return nil, ErrNotFound
	}
	return append([]byte{}, value...), nil
}

func hostKVSet(key string, value []byte) error {
	testHost.entries[key] = append([]byte{}, value...)
	return nil
}

func hostKVSetIfAbsent(key string, value []byte) (bool, error) {
	if _, found := testHost.entries[key]; found {
		return false, nil
	}
	return true, hostKVSet(key, value)
}

func hostKVDelete(key string) error {
	_, err := hostKVGet(key)
	delete(testHost.entries, key)
	return err
}

func hostKVIncrement(key string, delta int64) ([]byte, error) {
	var number int64
	if old, found := testHost.entries[key]; found {
		var err error
		if number, err = strconv.ParseInt(string(old), 10, 64); err != nil {
			return nil, &HostError{Status: -3, kind: ErrBadArguments, rule: kvIncrRules.arguments}
		}
	}
	if delta > 0 && number > math.MaxInt64-delta || delta < 0 && number < math.MinInt64-delta {
		return nil, &HostError{Status: -3, kind: ErrBadArguments, rule: kvIncrRules.arguments}
	}
	sum := strconv.AppendInt(nil, number+delta, 10)
	return sum, hostKVSet(key, sum)
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

func hostDBRead(sql string, args []byte) ([]byte, error) {
	if testHost.database == nil {
		return nil, ErrInternal
	}
	var values []json.RawMessage
	if err := json.Unmarshal(args, &values); err != nil {
		return nil, ErrInternal
	}
	rows, err := testHost.database(sql, values)
	if err != nil {
		return nil, err
	}
	if rows.Columns == nil {
		return encodeMembers(member{"rows_affected", rows.RowsAffected})
	}
	lines := append([][]json.RawMessage{}, rows.values...)
	return encodeMembers(member{"columns", rows.Columns}, member{"rows", lines},
		member{"truncated", rows.Truncated})
}

func hostDBWrite(sql string, args []byte) ([]byte, error) { return hostDBRead(sql, args) }

func hostDBBatch(data []byte) ([]byte, error) {
	var batch struct {
		Statements []struct {
			SQL  string          `json:"sql"`
			Args json.RawMessage `json:"args"`
		} `json:"statements"`
		Enqueue []json.RawMessage `json:"enqueue"`
	}
	if err := json.Unmarshal(data, &batch); err != nil {
		return nil, ErrInternal
	}
	results := []json.RawMessage{}
	for _, statement := range batch.Statements {
		result, err := hostDBRead(statement.SQL, statement.Args)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	for _, job := range batch.Enqueue {
		if _, err := hostJobEnqueue(job); err != nil {
			return nil, err
		}
	}
	return encodeMembers(member{"results", results})
}

func hostAuditEmit(entry []byte) error {
	testHost.record("audit_emit", entry)
	return nil
}

func hostEventEmit(name string, data []byte) error {
	testHost.record("event_emit", quoted(name), data)
	return nil
}

func hostSpanEvent(name string, attributes []byte) error {
	testHost.record("span_event", quoted(name), attributes)
	return nil
}

func hostMetricObserve(name string, value float64, labels []byte) error {
	number, err := encode(value)
	if err == nil {
		testHost.record("metric_observe", quoted(name), number, labels)
	}
	return err
}

func hostCacheInvalidate(tags []byte) error {
	testHost.record("cache_invalidate", tags)
	return nil
}

func hostCronRegister(cron []byte) error {
	testHost.record("cron_register", cron)
	return nil
}

// Of jobs with one idempotency key, the first is created. The nth job has the id job-n.
func hostJobEnqueue(job []byte) ([]byte, error) {
	var asked struct {
		Key string `json:"idempotency_key"`
	}
	if err := json.Unmarshal(job, &asked); err != nil {
		return nil, ErrInternal
	}
	h := testHost
	place := -1
	for i, key := range h.jobKeys {
		if key != "" && key == asked.Key {
			place = i
		}
	}
	created := place < 0
	if created {
		place = len(h.jobKeys)
		h.jobKeys = append(h.jobKeys, asked.Key)
	}
	h.record("job_enqueue", job)
	return encode(Enqueued{fmt.Sprintf("job-%d", place+1), created})
}

func hostTranslate(key, locale string) ([]byte, error) {
	if testHost.translator == nil {
		return nil, ErrNotFound
	}
	var request struct {
		Key  string          `json:"key"`
		Args json.RawMessage `json:"args"`
	}
	if !strings.HasPrefix(key, "{") {
		request.Key = key
	} else if err := json.Unmarshal([]byte(key), &request); err != nil {
		return nil, ErrInternal
	}
	text, err := testHost.translator(request.Key, locale, request.Args)
	return []byte(text), err
}
