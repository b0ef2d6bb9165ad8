// Command wazero runs the modules of ./bench engine under github.com/tetratelabs/wazero with its
// compiler.
//
//	compute MODULE INDEX PACE   runs a kernel in one instance
//	start MODULE PACE           makes an instance and closes it
//	dispatch MODULE PACE        calls the smallest hook, in an instance from a pool
//	crowd MODULE PACE           the same with 100 callers at once
//	serve MODULE PORT [CACHE]     answers the example plugin's route over HTTP, for ./bench start
//
// PACE is WARM-UP BATCH BATCHES. Package measure has what is printed. Each call has a deadline, as
// whoever runs foreign code has it; not with --no-deadline as the first argument.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"gonext.io/benchmarks/measure"
)

const (
	poolSize = 8
	callers  = 100
	// How many calls each of the concurrent callers makes in one round.
	callsEach = 500
	// How many calls are made between two looks at the clock, where one takes less than that.
	burst = 1000
	// As long as ours have in the same row.
	limit = 10 * time.Second
)

var (
	hook     = []byte("h")
	payload  = []byte(`{"kind":"filter","value":1,"args":[]}`)
	errUsage = errors.New("usage: [--no-deadline] compute MODULE INDEX PACE, " +
		"start, dispatch or crowd MODULE PACE, or serve MODULE PORT [CACHE]")
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "wazero:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if (len(arguments) == 3 || len(arguments) == 4) && arguments[0] == "serve" {
		cacheDirectory := ""
		if len(arguments) == 4 {
			cacheDirectory = arguments[3]
		}
		return serve(ctx, arguments[1], arguments[2], cacheDirectory)
	}
	limits := len(arguments) == 0 || arguments[0] != "--no-deadline"
	if !limits {
		arguments = arguments[1:]
	}
	if len(arguments) < 5 {
		return errUsage
	}
	command, path, rest := arguments[0], arguments[1], arguments[2:]
	kernel := 0
	if command == "compute" {
		index, err := strconv.Atoi(rest[0])
		if err != nil {
			return errUsage
		}
		kernel, rest = index, rest[1:]
	}
	pace, err := measure.FromArguments(rest)
	if err != nil {
		return err
	}
	config := wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(limits)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	defer runtime.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return err
	}
	module, err := load(ctx, runtime, path)
	if err != nil {
		return err
	}
	limited := func(call func(context.Context) error) error {
		if !limits {
			return call(ctx)
		}
		inTime, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return call(inTime)
	}
	switch command {
	case "compute":
		return compute(ctx, module, uint64(kernel), pace, limited)
	case "start":
		return pace.Measure(1, func() (uint32, error) {
			instance, err := module.instantiate(ctx)
			if err != nil {
				return 0, err
			}
			return 0, instance.close(ctx)
		})
	case "dispatch":
		return dispatch(ctx, module, pace, limited)
	case "crowd":
		return crowd(ctx, module, pace, limited)
	}
	return errUsage
}

// limiter makes a call, with a deadline or without one.
type limiter func(call func(context.Context) error) error

func compute(
	ctx context.Context, module *program, kernel uint64, pace measure.Pace, limited limiter,
) error {
	instance, err := module.instantiate(ctx)
	if err != nil {
		return err
	}
	return pace.Measure(1, func() (checksum uint32, err error) {
		err = limited(func(ctx context.Context) error {
			checksum, err = instance.compute(ctx, kernel)
			return err
		})
		return checksum, err
	})
}

func dispatch(ctx context.Context, module *program, pace measure.Pace, limited limiter) error {
	instances, err := fill(ctx, module)
	if err != nil {
		return err
	}
	return pace.Measure(burst, func() (uint32, error) {
		return 0, pooled(instances, limited, burst)
	})
}

// crowd lets all callers make their calls at once. A run ends after the last one.
func crowd(ctx context.Context, module *program, pace measure.Pace, limited limiter) error {
	instances, err := fill(ctx, module)
	if err != nil {
		return err
	}
	return pace.Measure(callers*callsEach, func() (uint32, error) {
		failures := make([]error, callers)
		var running sync.WaitGroup
		for i := range callers {
			running.Go(func() {
				failures[i] = pooled(instances, limited, callsEach)
			})
		}
		running.Wait()
		return 0, errors.Join(failures...)
	})
}

func fill(ctx context.Context, module *program) (*pool, error) {
	instances := newPool()
	for range poolSize {
		instance, err := module.instantiate(ctx)
		if err != nil {
			return nil, err
		}
		instances.give(instance)
	}
	return instances, nil
}

func pooled(instances *pool, limited limiter, times int) error {
	for range times {
		instance := instances.take()
		err := limited(func(ctx context.Context) error {
			_, err := instance.callHook(ctx, hook, payload)
			return err
		})
		instances.give(instance)
		if err != nil {
			return err
		}
	}
	return nil
}
