package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// program is a compiled module.
type program struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

func load(ctx context.Context, runtime wazero.Runtime, path string) (*program, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	compiled, err := runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, err
	}
	return &program{runtime, compiled}, nil
}

// instance is one guest with its functions looked up once. One goroutine at a time.
type instance struct {
	module      api.Module
	memory      api.Memory
	alloc       api.Function
	free        api.Function
	handle      api.Function
	computation api.Function
	// The arguments and results of a call: CallWithStack allocates nothing.
	stack [4]uint64
}

func (p *program) instantiate(ctx context.Context) (*instance, error) {
	// Without a name, so that there can be many.
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	module, err := p.runtime.InstantiateModule(ctx, p.compiled, config)
	if err != nil {
		return nil, err
	}
	return &instance{
		module:      module,
		memory:      module.Memory(),
		alloc:       module.ExportedFunction("gn_alloc"),
		free:        module.ExportedFunction("gn_free"),
		handle:      module.ExportedFunction("gn_handle_hook"),
		computation: module.ExportedFunction("compute"),
	}, nil
}

func (i *instance) close(ctx context.Context) error {
	return i.module.Close(ctx)
}

// compute runs a kernel and returns its checksum.
func (i *instance) compute(ctx context.Context, kernel uint64) (uint32, error) {
	i.stack[0] = kernel
	err := i.computation.CallWithStack(ctx, i.stack[:])
	return uint32(i.stack[0]), err
}

// callHook runs a hook as guest ABI v1 says and returns a copy of its body.
func (i *instance) callHook(ctx context.Context, name, payload []byte) ([]byte, error) {
	nameAt, err := i.write(ctx, name)
	if err != nil {
		return nil, err
	}
	payloadAt, err := i.write(ctx, payload)
	if err != nil {
		return nil, err
	}
	i.stack = [4]uint64{nameAt, uint64(len(name)), payloadAt, uint64(len(payload))}
	if err := i.handle.CallWithStack(ctx, i.stack[:]); err != nil {
		return nil, err
	}
	body, err := i.body(ctx, i.stack[0])
	if err != nil {
		return nil, err
	}
	if err := i.release(ctx, payloadAt, uint64(len(payload))); err != nil {
		return nil, err
	}
	return body, i.release(ctx, nameAt, uint64(len(name)))
}

func (i *instance) write(ctx context.Context, bytes []byte) (uint64, error) {
	i.stack[0] = uint64(len(bytes))
	if err := i.alloc.CallWithStack(ctx, i.stack[:]); err != nil {
		return 0, err
	}
	at := uint32(i.stack[0])
	if at == 0 || !i.memory.Write(at, bytes) {
		return 0, errors.New("gn_alloc has no block")
	}
	return uint64(at), nil
}

// body copies and releases the body that a hook's result names; nil where there is none.
func (i *instance) body(ctx context.Context, packed uint64) ([]byte, error) {
	at, length := uint32(packed>>32), uint32(packed)
	if at == 0 {
		if length != 0 {
			return nil, fmt.Errorf("the hook answered %d", int32(length))
		}
		return nil, nil
	}
	view, ok := i.memory.Read(at, length)
	if !ok {
		return nil, errors.New("the body does not lie in the memory")
	}
	body := append([]byte(nil), view...)
	return body, i.release(ctx, uint64(at), uint64(length))
}

func (i *instance) release(ctx context.Context, at, length uint64) error {
	i.stack[0], i.stack[1] = at, length
	return i.free.CallWithStack(ctx, i.stack[:])
}
