//go:build wasip1

package gonext

import (
	"errors"
	"fmt"
	"runtime/debug"
	"unsafe"
)

// The boundary: guest ABI v1. The collector does not see the blocks that the host holds, so this file
// keeps them until the host frees them.

//go:wasmimport env gn_log
func importLog(level int32, at unsafe.Pointer, length uint32)

//go:wasmimport env gn_panic
func importPanic(at unsafe.Pointer, length uint32)

//go:wasmimport env gn_time_ms
func importTimeMillis() int64

//go:wasmimport env gn_audit_emit
func importAuditEmit(at unsafe.Pointer, length uint32) int32

//go:wasmimport gonext_data gn_kv_get
func importKVGet(key unsafe.Pointer, length uint32) uint64

//go:wasmimport gonext_data gn_kv_set
func importKVSet(key unsafe.Pointer, length uint32, value unsafe.Pointer, valueLength uint32) uint64

//go:wasmimport gonext_data gn_kv_del
func importKVDelete(key unsafe.Pointer, length uint32) uint64

//go:wasmimport gonext_data gn_kv_incr
func importKVIncrement(key unsafe.Pointer, length uint32, delta int64) uint64

//go:wasmimport env gn_config_get
func importConfigGet(key unsafe.Pointer, length uint32) uint64

//go:wasmimport env gn_secrets_get
func importSecretsGet(name unsafe.Pointer, length uint32) uint64

//go:wasmimport env gn_app_call
func importAppCall(name unsafe.Pointer, length uint32, request unsafe.Pointer, requestLength uint32) uint64

//go:wasmimport env_net gn_http_fetch
func importHTTPFetch(request unsafe.Pointer, length uint32) uint64

//go:wasmimport env gn_last_error
func importLastError() uint64

//go:wasmimport env gn_event_emit
func importEventEmit(name unsafe.Pointer, length uint32, data unsafe.Pointer, dataLength uint32) int32

//go:wasmimport env gn_span_event
func importSpanEvent(name unsafe.Pointer, length uint32, data unsafe.Pointer, dataLength uint32) int32

//go:wasmimport env gn_metric_observe
func importMetricObserve(name unsafe.Pointer, length uint32, value float64, labels unsafe.Pointer, labelsLength uint32) int32

//go:wasmimport env gn_i18n_translate
func importTranslate(key unsafe.Pointer, length uint32, locale unsafe.Pointer, localeLength uint32) uint64

//go:wasmimport env gn_job_enqueue
func importJobEnqueue(job unsafe.Pointer, length uint32) uint64

//go:wasmimport env gn_cron_register
func importCronRegister(cron unsafe.Pointer, length uint32) int32

//go:wasmimport gonext_data gn_kv_set_if_absent
func importKVSetIfAbsent(key unsafe.Pointer, length uint32, value unsafe.Pointer, valueLength uint32) uint64

//go:wasmimport gonext_data gn_db_read
func importDBRead(sql unsafe.Pointer, length uint32, args unsafe.Pointer, argsLength uint32) uint64

//go:wasmimport gonext_data gn_db_write
func importDBWrite(sql unsafe.Pointer, length uint32, args unsafe.Pointer, argsLength uint32) uint64

//go:wasmimport gonext_data gn_db_batch
func importDBBatch(batch unsafe.Pointer, length uint32) uint64

//go:wasmimport gonext_data gn_cache_invalidate
func importCacheInvalidate(tags unsafe.Pointer, length uint32) uint64

// A block that the host holds. There are only a few at a time.
type block struct {
	address uint32
	bytes   []byte
}

var blocks []block

//go:wasmexport gn_alloc
func allocate(size uint32) uint32 {
	// An empty block has an address too: 0 means out of memory.
	return give(make([]byte, max(size, 1)))
}

//go:wasmexport gn_free
func free(address, _ uint32) {
	take(address)
}

// Keeps bytes until the host frees their address.
func give(bytes []byte) uint32 {
	address := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))
	blocks = append(blocks, block{address, bytes})
	return address
}

// Returns the bytes at an address and frees the block.
func take(address uint32) []byte {
	for i := range blocks {
		if blocks[i].address == address {
			bytes := blocks[i].bytes
			last := len(blocks) - 1
			blocks[i] = blocks[last]
			blocks[last] = block{}
			blocks = blocks[:last]
			return bytes
		}
	}
	return nil
}

func bytesAt(address, length uint32) []byte {
	for i := range blocks {
		if blocks[i].address == address {
			return blocks[i].bytes[:length]
		}
	}
	return nil
}

//go:wasmexport gn_handle_hook
func handleHook(name, nameLength, payload, payloadLength uint32) uint64 {
	defer reportPanic()
	return answer(Call(string(bytesAt(name, nameLength)), bytesAt(payload, payloadLength)))
}

//go:wasmexport gn_handle_job
func handleJob(name, nameLength, payload, payloadLength uint32) uint64 {
	defer reportPanic()
	return answer(CallJob(string(bytesAt(name, nameLength)), bytesAt(payload, payloadLength)))
}

func answer(body []byte, err error) uint64 {
	switch {
	case err != nil:
		return uint64(uint32(status(err)))
	case len(body) == 0:
		return 0
	default:
		return uint64(give(body))<<32 | uint64(len(body))
	}
}

//go:wasmexport on_activate
func activate() int32 {
	if registersNothing() {
		LogWarn(whyNothing)
	}
	return lifecycle("on_activate", onActivate)
}

//go:wasmexport on_deactivate
func deactivate() int32 { return lifecycle("on_deactivate", onDeactivate) }

func lifecycle(name string, handler func() error) int32 {
	defer reportPanic()
	if handler == nil {
		return 0
	}
	if err := handler(); err != nil {
		LogError(name + ": " + err.Error())
		return status(err)
	}
	return 0
}

// Reports a panic to the host, which ends the call and the instance.
func reportPanic() {
	if reason := recover(); reason != nil {
		text := fmt.Sprintf("%v\n%s", reason, debug.Stack())
		importPanic(unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
	}
}

func status(err error) int32 {
	switch {
	case errors.Is(err, ErrBadPayload):
		return -3
	case errors.Is(err, ErrUnknownHook):
		return -4
	default:
		return -1
	}
}

func hostLog(level int32, text string) {
	importLog(level, unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
}

func hostTimeMillis() int64 { return importTimeMillis() }

func text(s string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(s)), uint32(len(s))
}

func data(bytes []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes))
}

// What the host says of the last function that failed.
func hostLastError() []byte {
	body, _ := unpacked(importLastError())
	return body
}

func hostAuditEmit(entry []byte) error {
	return hostError(importAuditEmit(data(entry)), auditRules)
}

func hostKVGet(key string) ([]byte, error) {
	return unpack(importKVGet(text(key)), kvGetRules)
}

func hostKVSet(key string, value []byte) error {
	at, length := text(key)
	valueAt, valueLength := data(value)
	_, err := unpack(importKVSet(at, length, valueAt, valueLength), kvSetRules)
	return err
}

// Returns whether the entry was set.
func hostKVSetIfAbsent(key string, value []byte) (bool, error) {
	at, length := text(key)
	valueAt, valueLength := data(value)
	_, status := unpacked(importKVSetIfAbsent(at, length, valueAt, valueLength))
	if status == -11 {
		return false, nil
	}
	return status == 0, hostError(status, kvSetRules)
}

func hostKVDelete(key string) error {
	_, err := unpack(importKVDelete(text(key)), kvDelRules)
	return err
}

func hostKVIncrement(key string, delta int64) ([]byte, error) {
	at, length := text(key)
	return unpack(importKVIncrement(at, length, delta), kvIncrRules)
}

func hostConfigGet(key string) ([]byte, error) {
	return unpack(importConfigGet(text(key)), configRules)
}

func hostSecretsGet(name string) ([]byte, error) {
	return unpack(importSecretsGet(text(name)), secretRules)
}

func hostAppCall(name string, request []byte) ([]byte, error) {
	at, length := text(name)
	requestAt, requestLength := data(request)
	return unpack(importAppCall(at, length, requestAt, requestLength), appRules)
}

func hostHTTPFetch(request []byte) ([]byte, error) {
	body, status := unpacked(importHTTPFetch(data(request)))
	return body, netError(status)
}

func hostDBRead(sql string, args []byte) ([]byte, error) {
	at, length := text(sql)
	argsAt, argsLength := data(args)
	return unpack(importDBRead(at, length, argsAt, argsLength), dbReadRules)
}

func hostDBWrite(sql string, args []byte) ([]byte, error) {
	at, length := text(sql)
	argsAt, argsLength := data(args)
	return unpack(importDBWrite(at, length, argsAt, argsLength), dbWriteRules)
}

func hostDBBatch(batch []byte) ([]byte, error) {
	return unpack(importDBBatch(data(batch)), dbBatchRules)
}

func hostCacheInvalidate(tags []byte) error {
	_, err := unpack(importCacheInvalidate(data(tags)), cacheRules)
	return err
}

func hostEventEmit(name string, event []byte) error {
	at, length := text(name)
	eventAt, eventLength := data(event)
	return hostError(importEventEmit(at, length, eventAt, eventLength), eventRules)
}

func hostSpanEvent(name string, attributes []byte) error {
	at, length := text(name)
	attributesAt, attributesLength := data(attributes)
	return hostError(importSpanEvent(at, length, attributesAt, attributesLength), spanRules)
}

func hostMetricObserve(name string, value float64, labels []byte) error {
	at, length := text(name)
	labelsAt, labelsLength := data(labels)
	return hostError(importMetricObserve(at, length, value, labelsAt, labelsLength), metricRules)
}

func hostTranslate(key, locale string) ([]byte, error) {
	at, length := text(key)
	localeAt, localeLength := text(locale)
	return unpack(importTranslate(at, length, localeAt, localeLength), translateRules)
}

func hostJobEnqueue(job []byte) ([]byte, error) {
	return unpack(importJobEnqueue(data(job)), jobRules)
}

func hostCronRegister(cron []byte) error {
	return hostError(importCronRegister(data(cron)), cronRules)
}

func unpack(packed uint64, of rules) ([]byte, error) {
	body, status := unpacked(packed)
	return body, hostError(status, of)
}

// Returns the body of a packed answer, which the host wrote into a block of ours, or its negative status.
func unpacked(packed uint64) ([]byte, int32) {
	address, length := uint32(packed>>32), uint32(packed)
	if address == 0 {
		return nil, min(int32(length), 0)
	}
	return take(address)[:length], 0
}
