package gonext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Why a function of the host failed. Its error wraps one of these (see errors.Is) and names the
// capability or the limit. See also HostError.
var (
	// ErrDenied: the manifest does not request the capability, or the operator has not granted it.
	ErrDenied = errors.New("denied by the host")
	// ErrInternal: the host failed, or has no such function.
	ErrInternal     = errors.New("the host failed")
	ErrBadArguments = errors.New("the host did not accept the arguments")
	ErrNotFound     = errors.New("not found")
	// ErrQuota: the plugin's quota is used up.
	ErrQuota = errors.New("the quota is used up")
	// ErrConflict: the change is in conflict with what is there, or with another change.
	ErrConflict = errors.New("conflict with what is there")
	// ErrRejected: the database rejected the statement.
	ErrRejected = errors.New("rejected by the database")
	// ErrRateLimited: too many calls.
	ErrRateLimited = errors.New("the rate limit is reached")
	// ErrTimedOut: the function took too long. It may have run or not.
	ErrTimedOut = errors.New("timed out: the function may have run or not")
	// ErrBlocked: the host does not send the request.
	ErrBlocked = errors.New("blocked by the host")
	// ErrUpstreamFailed: no complete answer came from the other server.
	ErrUpstreamFailed = errors.New("the request failed")
	// ErrWrongType: the value that the host returned is not of the wanted type.
	ErrWrongType = errors.New("the host's value has another type")
)

// HostError is what the host says of a failure. Find it with errors.As.
type HostError struct {
	// Status is the number that the host answered; 0 for a failure that this package found in an answer.
	Status int32
	// Message is safe to show it to the plugin's author. Empty when the host gave no reason.
	Message string
	// SQLState is the code of the database, such as 23505. Empty for other failures.
	SQLState string
	// Reason is all that the host says: an object in JSON, or nil.
	Reason json.RawMessage

	kind error
	// What this package knows of this kind of failure. Message replaces it.
	rule string
}

// Error has the words of the kind, and then the host's.
func (e *HostError) Error() string {
	text := fmt.Sprintf("the host answered %d", e.Status)
	if e.kind != nil {
		text = e.kind.Error()
	}
	switch {
	case e.Message != "":
		text += ": " + e.Message
	case e.rule != "":
		text += ": " + e.rule
	}
	if e.SQLState != "" {
		text += " (SQLSTATE " + e.SQLState + ")"
	}
	return text
}

// Unwrap returns the kind, such as ErrDenied.
func (e *HostError) Unwrap() error { return e.kind }

// Asks the host why the last function failed.
func failed(status int32, kind error, rule string) error {
	err := &HostError{Status: status, kind: kind, rule: rule}
	var reason struct {
		Message  string `json:"message"`
		SQLState string `json:"sqlstate"`
	}
	if data := hostLastError(); len(data) > 0 && unmarshal(data, &reason) == nil {
		err.Message, err.SQLState, err.Reason = reason.Message, reason.SQLState, data
	}
	return err
}

// The limits of a function of the host, for its error messages. The quota is the one of a rate too.
type rules struct {
	capability, arguments, quota string
	// Whether ErrNotFound is an expected answer, which needs no explanation.
	quiet bool
}

const keyRule = "a key is 1 to 256 bytes of UTF-8 without NUL"

var (
	kvGetRules  = rules{"kv.read", keyRule, kvQuota, true}
	kvDelRules  = rules{"kv.write", keyRule, kvQuota, true}
	kvSetRules  = rules{"kv.write", keyRule + ", a value at most 256 KiB", kvQuota, true}
	kvIncrRules = rules{"kv.write", keyRule + ", its entry a decimal number, and the sum one of 64 bits", kvQuota, true}
	auditRules  = rules{"audit.emit",
		"an event's name begins with the plugin's and a dot" +
			", and has at most 128 of a-z, 0-9, _, - and dots; with its data it has at most 4096 bytes",
		"100 events a minute", false}
	configRules = rules{"of this function", "a key has at most 256 bytes of UTF-8", appQuota, true}
	secretRules = rules{"secrets.keys for this name", "a name has at most 128 bytes of UTF-8", appQuota, true}
	appRules    = rules{"of this function", "the application does not accept this request", appQuota, false}

	dbReadRules    = rules{"db.read", statementRule, dbQuota, false}
	dbWriteRules   = rules{"db.write", statementRule, dbQuota, false}
	dbBatchRules   = rules{"db.write", "each statement has its SQL and a value for each of its parameters", dbQuota, false}
	cacheRules     = rules{"cache.invalidate", "at most 64 tags of 1 to 256 bytes", limits, false}
	eventRules     = rules{"events.emit", "an event has a name and a JSON object", limits, false}
	spanRules      = rules{"events.emit", "an event has a name and a JSON object of attributes", limits, false}
	metricRules    = rules{"metrics.observe", "the manifest declares no such metric, or not with these labels", limits, false}
	translateRules = rules{"of this function", "a key, and a locale such as de-CH", limits, true}
	jobRules       = rules{"jobs.enqueue",
		"a job has a name, an object of at most 64 KiB, and either a delay or a time", limits, false}
	cronRules = rules{"cron.register",
		"a schedule has five fields or an interval, and fires once a minute or less often", limits, false}
)

const statementRule = "one SQL statement, and a value for each of its parameters"

const dbQuota = "see storage.db in manifest.json"

const limits = "see the limits of this function"

const appQuota = "see the application's limits"

const kvQuota = "see storage.kv in manifest.json"

func hostError(status int32, of rules) error {
	switch status {
	case -1:
		return failed(status, ErrDenied,
			"the capability "+of.capability+" is not requested in manifest.json or not granted")
	case -2:
		return failed(status, ErrInternal, "")
	case -3:
		return failed(status, ErrBadArguments, of.arguments)
	case -4:
		if of.quiet {
			return ErrNotFound
		}
		return failed(status, ErrNotFound, "")
	case -5:
		return failed(status, ErrQuota, of.quota)
	case -11:
		return failed(status, ErrConflict, "")
	case -12:
		return failed(status, ErrRateLimited, of.quota)
	case -13:
		return failed(status, ErrTimedOut, "")
	case -14:
		return failed(status, ErrRejected, "")
	}
	if status >= 0 {
		return nil
	}
	return failed(status, nil, "")
}

// LogDebug, LogInfo, LogWarn and LogError write a line to the plugin's log.
func LogDebug(text string) { hostLog(0, text) }

// LogInfo writes a line to the plugin's log.
func LogInfo(text string) { hostLog(1, text) }

// LogWarn writes a line to the plugin's log.
func LogWarn(text string) { hostLog(2, text) }

// LogError writes a line to the plugin's log.
func LogError(text string) { hostLog(3, text) }

// NowMillis is the host's clock, in milliseconds since 1970. Package time reads the same one.
func NowMillis() int64 { return hostTimeMillis() }

// Audit writes an event to the operator's audit log. The event's name begins with the plugin's name.
// encoding/json encodes the data. Needs the capability audit.emit.
func Audit(event string, data any) error {
	entry, err := encodeMembers(member{"event", event}, member{"data", data})
	if err != nil {
		return err
	}
	return hostAuditEmit(entry)
}

// KV is the plugin's own key-value store. All instances of the plugin share it, and it outlives them.
// Reading needs the capability kv.read, all else kv.write.
var KV kv

type kv struct{}

// Get returns the value of key. The error is ErrNotFound when there is none.
func (kv) Get(key string) ([]byte, error) {
	return hostKVGet(key)
}

// Set sets the value of key.
func (kv) Set(key string, value []byte) error {
	return hostKVSet(key, value)
}

// SetIfAbsent sets the value of key unless it has one, and returns whether it was set. Of several calls at
// once, on any number of hosts, one sets it.
func (kv) SetIfAbsent(key string, value []byte) (bool, error) {
	return hostKVSetIfAbsent(key, value)
}

// Delete removes key. The error is ErrNotFound when there was none, if the host reports that.
func (kv) Delete(key string) error {
	return hostKVDelete(key)
}

// Increment adds delta to the number at key and returns the sum. A missing entry counts as 0.
func (kv) Increment(key string, delta int64) (int64, error) {
	text, err := hostKVIncrement(key, delta)
	if err != nil {
		return 0, err
	}
	sum, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, ErrInternal
	}
	return sum, nil
}

// Config is the plugin's configuration: the values that the operator set, and the defaults of
// config.schema in the manifest. All calls of one run see the same values. It needs no capability.
var Config config

type config struct{}

// Get returns the value of key as JSON. The error is ErrNotFound when there is none. An empty key stands
// for the whole object.
func (config) Get(key string) (json.RawMessage, error) {
	return hostConfigGet(key)
}

// Decode decodes the value of key to target, as encoding/json does. The error is ErrNotFound when there
// is none. An empty key stands for the whole object: Config.Decode("", &settings).
func (config) Decode(key string, target any) error {
	value, err := hostConfigGet(key)
	if err != nil {
		return err
	}
	return decodeAnswer(value, target)
}

// Text is the text of key, or fallback when it has no value or null.
func (config) Text(key, fallback string) (string, error) {
	return configured(key, fallback, "a text")
}

// Int is the integer of key, or fallback when it has no value or null.
func (config) Int(key string, fallback int64) (int64, error) {
	return configured(key, fallback, "an integer in range")
}

// Bool is the boolean of key, or fallback when it has no value or null.
func (config) Bool(key string, fallback bool) (bool, error) {
	return configured(key, fallback, "a boolean")
}

func configured[T any](key string, fallback T, wanted string) (T, error) {
	value, err := hostConfigGet(key)
	if errors.Is(err, ErrNotFound) || err == nil && string(value) == "null" {
		return fallback, nil
	}
	if err != nil {
		return fallback, err
	}
	if !utf8.Valid(value) || !json.Valid(value) {
		return fallback, ErrInternal
	}
	decoded, err := decode[T](value)
	if err != nil {
		return fallback, fmt.Errorf("%w: it is not %s", ErrWrongType, wanted)
	}
	return decoded, nil
}

// Decodes what the host answered. Numbers without a type keep their text.
func decodeAnswer(data []byte, target any) error {
	if !utf8.Valid(data) || !json.Valid(data) {
		return ErrInternal
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var err error
	if value, isAny := target.(*any); isAny {
		*value, err = decodeAny(decoder)
	} else {
		err = decoder.Decode(target)
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrWrongType, err)
	}
	return nil
}

// Secrets are the secrets that the manifest names in secrets.keys. Do not write them to the log.
var Secrets secrets

type secrets struct{}

// Get returns the secret of this name. The error is ErrNotFound when the operator has not set it, and
// ErrDenied for a secret that only the host may use (inject_only).
func (secrets) Get(name string) (string, error) {
	value, err := hostSecretsGet(name)
	return string(value), err
}

// App has the functions of the application that runs the host.
var App app

type app struct{}

// Call calls the function of this name, and decodes its answer to answer, as encoding/json does; a nil
// ignores it. It needs the capability that the application gave the function. The error wraps ErrNotFound
// when the application has no such function.
func (app) Call(name string, request, answer any) error {
	data, err := encode(request)
	if err != nil {
		return err
	}
	data, err = hostAppCall(name, data)
	if err != nil || answer == nil {
		return err
	}
	return decodeAnswer(data, answer)
}

// Events are for other plugins and for the application.
var Events events

type events struct{}

// Emit emits an event: the action event.<plugin>.<name> of other plugins, after this call succeeded.
// encoding/json encodes the data, which is an object. Needs the capability events.emit.
func (events) Emit(name string, data any) error {
	event, err := encode(data)
	if err != nil {
		return err
	}
	return hostEventEmit(name, event)
}

// Span is the span of the current call, in the application's traces.
var Span span

type span struct{}

// Event adds an event to the span. encoding/json encodes the attributes, which are an object. Needs the
// capability events.emit.
func (span) Event(name string, attributes any) error {
	data, err := encode(attributes)
	if err != nil {
		return err
	}
	return hostSpanEvent(name, data)
}

// Cache stands for the caches of the application.
var Cache cache

type cache struct{}

// Invalidate makes the application drop what it has cached under these tags, on every node. Needs the
// capability cache.invalidate.
func (cache) Invalidate(tags ...string) error {
	data, err := encode(append([]string{}, tags...))
	if err != nil {
		return err
	}
	return hostCacheInvalidate(data)
}

// Metrics are the plugin's own metrics.
var Metrics metrics

type metrics struct{}

// Observe adds to a counter, sets a gauge, or observes a value of a summary, as the manifest declares the
// metric. Needs the capability metrics.observe.
func (metrics) Observe(name string, value float64, labels map[string]string) error {
	data, err := encode(labels)
	if err != nil {
		return err
	}
	if labels == nil {
		data = []byte("{}")
	}
	return hostMetricObserve(name, value, data)
}

// I18n has the texts in locales/ of the plugin's bundle.
var I18n i18n

type i18n struct{}

// Translate returns the text of key in the language of locale, such as de-CH. The error is ErrNotFound
// when there is none.
func (i18n) Translate(key, locale string) (string, error) {
	text, err := hostTranslate(key, locale)
	return string(text), err
}

// Format is as Translate, with values for the arguments in the text. encoding/json encodes them; they are
// an object.
func (i18n) Format(key, locale string, args any) (string, error) {
	request, err := encodeMembers(member{"key", key}, member{"args", args})
	if err != nil {
		return "", err
	}
	text, err := hostTranslate(string(request), locale)
	return string(text), err
}
