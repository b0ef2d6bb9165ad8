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
// Register handlers in init. With -buildmode=c-shared a plugin is a library, and main does not run.
//
// An instance of a plugin serves one call at a time. limits.isolation in the manifest decides
// whether the host resets the instance to its state after start-up before the next call. Goroutines run
// only during a call.
//
// The package also compiles natively, so that go test can test a plugin (see Call). There, log lines
// go to standard error, and a TestHost stands for the host: it keeps key-value entries, returns what a test
// sets, and records what the plugin sends.
//
// Routes need a host of GoNext 0.1.0 or newer, which names the route in each request.
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

// ErrBadPayload says that the payload does not have the form that the handler expects. A handler returns
// it or an error that wraps it. A route answers 400 for it.
var ErrBadPayload = errors.New("bad payload")

// ErrUnknownHook says that the plugin has no handler of this name.
var ErrUnknownHook = errors.New("no handler of this name")

// Prefix of the filter that serves requests. The plugin's name follows it.
const serve = "http.serve."

const whyNothing = "no handler is registered: register handlers in init, because main does not run in a plugin" +
	" that is built with -buildmode=c-shared"

// The hook that asks a new plugin for its routes.
const describe = "gonext.describe"

// How deep arrays and objects may nest. The host has the same limit.
const maxDepth = 128

var (
	filters      = map[string]func(value json.RawMessage, args Args) (any, error){}
	actions      = map[string]func(args Args) error{}
	onActivate   func() error
	onDeactivate func() error
)

// Filter handles the filter of this name: the handler takes the value and returns the new value. For a
// value that encoding/json cannot put into a T, the call ends with ErrBadPayload and the handler does
// not run. In a T of any, numbers are json.Number. Null and a missing member are not a bool, number or
// text: to accept them, make T a pointer.
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
	return len(filters) == 0 && len(actions) == 0 && len(routes) == 0 && len(jobs) == 0
}

// OnActivate is called when the plugin is activated. An error refuses the activation.
func OnActivate(handler func() error) {
	onActivate = handler
}

// OnDeactivate is called when the plugin is deactivated. An error refuses the deactivation.
func OnDeactivate(handler func() error) {
	onDeactivate = handler
}

// Args are the arguments of a hook call, without the value.
type Args []json.RawMessage

// Arg is the argument at index, from 0, as a T. The error wraps ErrBadPayload when the argument is
// missing or not a T.
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

// Call runs one hook as the host does. Payload and result are JSON. After a failure the log says why.
// Call keeps neither name nor payload.
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
			return nil, fmt.Errorf("%w: args is not an array", ErrBadPayload)
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
		return nil, fmt.Errorf("%w: the payload has no value", ErrBadPayload)
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

// Like json.Unmarshal, but as strict as the host. encoding/json replaces bytes that are not UTF-8, nests
// deeper, and takes the last of two equal keys in an object.
func unmarshal(data []byte, target any) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	if err := json.Unmarshal(data, target); err != nil {
		return err
	}
	return checkShape(data)
}

// Checks in valid JSON how deep it nests, and that no object has the same key twice.
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

// Whether a text is a key: a colon follows it.
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

// Decodes JSON to a T. Numbers without a type keep their text. Null is not a value of a basic type;
// encoding/json would return zero for it.
func decode[T any](raw []byte) (T, error) {
	var value T
	if string(raw) == "null" {
		switch any(&value).(type) {
		case *bool, *string, *int, *int32, *int64, *uint, *uint32, *uint64, *float32, *float64:
			return value, fmt.Errorf("%w: null is not a %T", ErrBadPayload, value)
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

// Decodes the next value to an any, like Decode. Decode uses two stack frames for each level of arrays
// and objects. A thread of the host may not have space for so many, so this function does not recurse.
func decodeAny(decoder *json.Decoder) (any, error) {
	type level struct {
		array  []any
		object map[string]any
		key    string
		hasKey bool // whether the next value belongs to that key
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

// Encodes a value compactly, and without the escapes that only HTML needs.
func encode(value any) ([]byte, error) {
	w := newWriter()
	if err := w.write(value); err != nil {
		return nil, err
	}
	return w.out.Bytes(), nil
}

// Writes what encoding/json would write. It writes arrays and objects without a type of their own itself:
// encoding/json uses four stack frames of reflection for each level, and a thread of the host may not
// have space for so many.
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

// A member of an object.
type member struct {
	name  string
	value any
}

// Encodes an object whose members keep their order.
func encodeMembers(members ...member) ([]byte, error) {
	w := newWriter()
	w.out.WriteByte('{')
	for i, member := range members {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.member(member.name, member.value); err != nil {
			return nil, err
		}
	}
	w.out.WriteByte('}')
	return w.out.Bytes(), nil
}

func (w *writer) member(name string, value any) error {
	if err := w.write(name); err != nil {
		return err
	}
	w.out.WriteByte(':')
	return w.write(value)
}
