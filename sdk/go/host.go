package gonext

import (
	"errors"
	"fmt"
	"strconv"
)

// Why a function of the host failed. Its error wraps one of these (see errors.Is) and names the
// capability or the limit.
var (
	// ErrDenied: the manifest does not request the capability, or the operator has not granted it.
	ErrDenied = errors.New("denied by the host")
	// ErrInternal: the host failed, or has no such function.
	ErrInternal     = errors.New("the host failed")
	ErrBadArguments = errors.New("the host did not accept the arguments")
	ErrNotFound     = errors.New("not found")
	// ErrQuota: the plugin's quota is used up.
	ErrQuota = errors.New("the quota is used up")
)

// The limits of a function of the host, for its error messages.
type rules struct {
	capability, arguments, quota string
}

const keyRule = "a key is 1 to 256 bytes of UTF-8 without NUL"

var (
	kvGetRules  = rules{"kv.read", keyRule, kvQuota}
	kvDelRules  = rules{"kv.write", keyRule, kvQuota}
	kvSetRules  = rules{"kv.write", keyRule + ", a value at most 256 KiB", kvQuota}
	kvIncrRules = rules{"kv.write", keyRule + ", its entry a decimal number, and the sum one of 64 bits", kvQuota}
	auditRules  = rules{"audit.emit",
		"an event's name begins with the plugin's and a dot" +
			", and has at most 128 of a-z, 0-9, _, - and dots; with its data it has at most 4096 bytes",
		"100 events a minute"}
)

const kvQuota = "see storage.kv in manifest.json"

func hostError(status int32, of rules) error {
	switch status {
	case -1:
		return fmt.Errorf("%w: the capability %s is not requested in manifest.json or not granted",
			ErrDenied, of.capability)
	case -2:
		return ErrInternal
	case -3:
		return fmt.Errorf("%w: %s", ErrBadArguments, of.arguments)
	case -4:
		return ErrNotFound
	case -5:
		return fmt.Errorf("%w: %s", ErrQuota, of.quota)
	}
	if status >= 0 {
		return nil
	}
	return fmt.Errorf("the host answered %d", status)
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
	w := newWriter()
	w.out.WriteByte('{')
	if err := w.member("event", event); err != nil {
		return err
	}
	w.out.WriteByte(',')
	if err := w.member("data", data); err != nil {
		return err
	}
	w.out.WriteByte('}')
	return hostError(hostAuditEmit(w.out.Bytes()), auditRules)
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
