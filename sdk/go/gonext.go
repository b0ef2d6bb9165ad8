// Package gonext is for writing GoNext plugins in Go.
//
//	package main
//
//	import "gonext.io/gonext"
//
//	func init() {
//		gonext.Filter("the_title", func(title string, _ gonext.Args) (string, error) {
//			return strings.ToUpper(title), nil
//		})
//		gonext.Get("/hello/{name}", func(r *gonext.Request) (*gonext.Response, error) {
//			return gonext.Text("Hello, " + r.Param("name") + "!"), nil
//		})
//	}
//
//	func main() {}
//
// Handlers are registered in init: main is not run in a plugin that is built with -buildmode=c-shared,
// which is a library to its host.
//
// An instance of a plugin serves one call at a time. Whether it is used for the next call as it is, or
// put back to how it was after start-up, the manifest's limits.isolation says. A goroutine runs only
// while a call does.
//
// The package also compiles natively, so that a plugin is tested with go test (see Call). There, log
// lines go to standard error, and KV answers ErrInternal.
package gonext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrBadPayload says that the payload is not of the shape that the handler takes. A handler returns it,
// or an error that wraps it; from a route it is answered with 400.
var ErrBadPayload = errors.New("bad payload")

// ErrUnknownHook says that no handler has the name.
var ErrUnknownHook = errors.New("no handler for this hook")

// The host hands a request to the filter of this name with the plugin's own after it.
const serve = "http.serve."

// What an author who registers handlers in main has to know.
const whyNothing = "no handler is registered: register them in init, since main does not run in a plugin" +
	" that is built with -buildmode=c-shared"

// The host asks the hook of this name, when it takes the plugin in, which routes are there.
const describe = "gonext.describe"

// As deep as the host lets arrays and objects nest.
const maxDepth = 128

var (
	filters      = map[string]func(value json.RawMessage, args Args) (any, error){}
	actions      = map[string]func(args Args) error{}
	onActivate   func() error
	onDeactivate func() error
)

// Filter handles the filter of this name: the handler takes the value and returns what it becomes. A
// value that encoding/json cannot put into a T is answered with ErrBadPayload before the handler is
// called; in a T of any, numbers are json.Number. Neither null nor a missing member is a bool, a
// number or a text: for those, T is a pointer.
func Filter[T, U any](name string, handler func(value T, args Args) (U, error)) {
	filters[name] = func(raw json.RawMessage, args Args) (any, error) {
		value, err := decode[T](raw)
		if err != nil {
			return nil, err
		}
		return handler(value, args)
	}
}

// Action handles the action of this name.
func Action(name string, handler func(args Args) error) {
	actions[name] = handler
}

func registersNothing() bool {
	return len(filters) == 0 && len(actions) == 0 && len(routes) == 0
}

// OnActivate is called when the plugin is put in service; an error refuses.
func OnActivate(handler func() error) {
	onActivate = handler
}

// OnDeactivate is called when the plugin is taken out of service.
func OnDeactivate(handler func() error) {
	onDeactivate = handler
}

// Args is what a hook was called with beside its value.
type Args []json.RawMessage

// Arg is the argument at index, from 0, as a T. The error wraps ErrBadPayload when there is none or it
// is of another type.
func Arg[T any](args Args, index int) (T, error) {
	if index < 0 || index >= len(args) {
		var none T
		return none, fmt.Errorf("%w: there is no argument %d", ErrBadPayload, index)
	}
	return decode[T](args[index])
}

type payload struct {
	Kind  string          `json:"kind"`
	Value json.RawMessage `json:"value"`
	Args  json.RawMessage `json:"args"`
}

// Call runs one hook as the host does: name and payload in, the result's body out, both JSON. Why a
// call failed is in the log. Neither is kept.
func Call(hook string, data []byte) ([]byte, error) {
	body, err := run(hook, data)
	if err != nil {
		LogWarn(hook + ": " + err.Error())
	}
	return body, err
}

func run(hook string, data []byte) ([]byte, error) {
	if hook == describe {
		return encode(map[string]any{"value": map[string]any{"routes": describedRoutes()}})
	}
	if action, found := actions[hook]; found {
		_, args, err := read(data, "action")
		if err != nil {
			return nil, err
		}
		if args == nil {
			return nil, fmt.Errorf("%w: args is no array", ErrBadPayload)
		}
		return nil, action(args)
	}
	filter, found := filters[hook]
	if !found {
		if registersNothing() {
			return nil, fmt.Errorf("%w: %s", ErrUnknownHook, whyNothing)
		}
		if !strings.HasPrefix(hook, serve) || len(routes) == 0 {
			return nil, ErrUnknownHook
		}
		filter = serveRequest
	}
	value, args, err := read(data, "filter")
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, fmt.Errorf("%w: there is no value", ErrBadPayload)
	}
	result, err := filter(value, args)
	if err != nil {
		return nil, err
	}
	return encode(map[string]any{"value": result})
}

func read(data []byte, kind string) (json.RawMessage, Args, error) {
	var p payload
	if err := unmarshal(data, &p); err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrBadPayload, err)
	}
	if p.Kind != kind {
		return nil, nil, fmt.Errorf("%w: kind is not %s", ErrBadPayload, kind)
	}
	var args Args
	if len(p.Args) > 0 && p.Args[0] == '[' {
		if err := json.Unmarshal(p.Args, &args); err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrBadPayload, err)
		}
	}
	return p.Value, args, nil
}

// As json.Unmarshal, but as strict as the host: encoding/json replaces what is no UTF-8, nests deeper, and of
// a key that stands twice in an object takes the last.
func unmarshal(data []byte, target any) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	if err := json.Unmarshal(data, target); err != nil {
		return err
	}
	return checkShape(data)
}

// Of valid JSON: how deep it nests, and whether a key stands twice in one object.
func checkShape(data []byte) error {
	var open []map[string]bool // the keys of each object so far; nil for an array
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '[':
			open = append(open, nil)
		case '{':
			open = append(open, map[string]bool{})
		case ']', '}':
			open = open[:len(open)-1]
		case '"':
			start := i
			for i++; data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if !isKey(data[i+1:]) {
				continue
			}
			var key string
			if err := json.Unmarshal(data[start:i+1], &key); err != nil {
				return err
			}
			keys := open[len(open)-1]
			if keys[key] {
				return errors.New("a key twice in one object")
			}
			keys[key] = true
		}
		if len(open) > maxDepth {
			return errors.New("nested too deep")
		}
	}
	return nil
}

// Whether a text is a key, by what follows it.
func isKey(rest []byte) bool {
	for _, c := range rest {
		switch c {
		case ' ', '\t', '\n', '\r':
		default:
			return c == ':'
		}
	}
	return false
}

// A T of this JSON. Numbers without a type keep their text, and null is no value of a basic type, for
// which encoding/json would leave its zero.
func decode[T any](raw []byte) (T, error) {
	var value T
	if string(raw) == "null" {
		switch any(&value).(type) {
		case *bool, *string, *int, *int32, *int64, *uint, *uint32, *uint64, *float32, *float64:
			return value, fmt.Errorf("%w: null is no %T", ErrBadPayload, value)
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var err error
	if target, isAny := any(&value).(*any); isAny {
		*target, err = decodeAny(decoder)
	} else {
		err = decoder.Decode(&value)
	}
	if err != nil {
		return value, fmt.Errorf("%w: %v", ErrBadPayload, err)
	}
	return value, nil
}

// The next value, as Decode has it for an any. Arrays and objects nest as deep as the host lets them, and
// Decode descends by two frames for each, for which a thread of the host may have no room: so this
// descends by none.
func decodeAny(decoder *json.Decoder) (any, error) {
	type level struct {
		array  []any
		object map[string]any
		key    string
		hasKey bool // whether the next value is that key's
	}
	var open []level
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value any = token
		if delimiter, isDelimiter := token.(json.Delim); isDelimiter {
			switch delimiter {
			case '[':
				open = append(open, level{array: []any{}})
				continue
			case '{':
				open = append(open, level{object: map[string]any{}})
				continue
			}
			last := len(open) - 1
			value = open[last].array
			if delimiter == '}' {
				value = open[last].object
			}
			open = open[:last]
		}
		if len(open) == 0 {
			return value, nil
		}
		in := &open[len(open)-1]
		switch {
		case in.object == nil:
			in.array = append(in.array, value)
		case !in.hasKey:
			in.key, in.hasKey = value.(string), true
		default:
			in.object[in.key], in.hasKey = value, false
		}
	}
}

// Compact, and without the escapes that only HTML needs.
func encode(value any) ([]byte, error) {
	w := newWriter()
	if err := w.write(value); err != nil {
		return nil, err
	}
	return w.out.Bytes(), nil
}

// Writes what encoding/json would write. Arrays and objects without a type of their own, which nest as deep
// as the host lets them, it writes itself: encoding/json takes four frames of reflection for each, and a
// host's thread may have no room for so many.
type writer struct {
	out  bytes.Buffer
	json *json.Encoder
}

func newWriter() *writer {
	w := &writer{}
	w.json = json.NewEncoder(&w.out)
	w.json.SetEscapeHTML(false)
	return w
}

func (w *writer) write(value any) error {
	switch value := value.(type) {
	case []any:
		if value != nil {
			return w.array(value)
		}
	case map[string]any:
		if value != nil {
			return w.object(value)
		}
	}
	err := w.json.Encode(value)
	if err == nil {
		w.out.Truncate(w.out.Len() - 1) // the line's end
	}
	return err
}

func (w *writer) array(items []any) error {
	w.out.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.write(item); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	return nil
}

func (w *writer) object(members map[string]any) error {
	w.out.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.member(name, members[name]); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func (w *writer) member(name string, value any) error {
	if err := w.write(name); err != nil {
		return err
	}
	w.out.WriteByte(':')
	return w.write(value)
}
