// Command wazero measures what ./bench wazero compares with: the same modules under
// github.com/tetratelabs/wazero with its compiler.
//
// Usage: wazero DONE.wasm COMPUTE.wasm
//
// It prints a line "NAME NANOSECONDS" for each measurement, and for a kernel "NAME NANOSECONDS
// CHECKSUM".
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

const (
	poolSize = 8
	callers  = 100
	// How many calls each of the concurrent callers makes in one round.
	callsEach = 500
	// As long as ours have in the same row.
	limit = 10 * time.Second
)

var (
	hook    = []byte("h")
	payload = []byte(`{"kind":"filter","value":1,"args":[]}`)
	kernels = []string{"sort", "sha256", "json", "scan"}
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "wazero: usage: wazero DONE.wasm COMPUTE.wasm")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "wazero:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, donePath, computePath string) error {
	if err := measureDeadline(ctx, donePath); err != nil {
		return err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer runtime.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return err
	}
	done, err := load(ctx, runtime, donePath)
	if err != nil {
		return err
	}
	compute, err := load(ctx, runtime, computePath)
	if err != nil {
		return err
	}

	instantiate, err := median(func() error {
		instance, err := compute.instantiate(ctx)
		if err != nil {
			return err
		}
		return instance.close(ctx)
	})
	if err != nil {
		return err
	}
	fmt.Printf("instantiate %.1f\n", instantiate)
	if err := measureDispatch(ctx, done); err != nil {
		return err
	}
	return measureKernels(ctx, compute)
}

// measureDeadline is the dispatch with a deadline for each call, as whoever runs code of strangers
// has it: in a runtime of its own, because it costs the others something to be ready for one.
func measureDeadline(ctx context.Context, donePath string) error {
	config := wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(true)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	defer runtime.Close(ctx)
	done, err := load(ctx, runtime, donePath)
	if err != nil {
		return err
	}
	instances, err := fill(ctx, done)
	if err != nil {
		return err
	}
	nanos, err := median(func() error {
		instance := instances.take()
		defer instances.give(instance)
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		_, err := instance.callHook(limited, hook, payload)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("deadline %.1f\n", nanos)
	return nil
}

func fill(ctx context.Context, done *program) (*pool, error) {
	instances := newPool()
	for i := 0; i < poolSize; i++ {
		instance, err := done.instantiate(ctx)
		if err != nil {
			return nil, err
		}
		instances.give(instance)
	}
	return instances, nil
}

func measureDispatch(ctx context.Context, done *program) error {
	instances, err := fill(ctx, done)
	if err != nil {
		return err
	}
	dispatch := func() error {
		instance := instances.take()
		defer instances.give(instance)
		_, err := instance.callHook(ctx, hook, payload)
		return err
	}
	single, err := median(dispatch)
	if err != nil {
		return err
	}
	fmt.Printf("dispatch %.1f\n", single)
	crowd, err := median(func() error { return crowded(dispatch) })
	if err != nil {
		return err
	}
	fmt.Printf("crowd %.1f\n", crowd/(callers*callsEach))
	return nil
}

// crowded lets all callers make their calls at once and returns after the last one.
func crowded(call func() error) error {
	failures := make(chan error, callers)
	var running sync.WaitGroup
	for i := 0; i < callers; i++ {
		running.Add(1)
		go func() {
			defer running.Done()
			for j := 0; j < callsEach; j++ {
				if err := call(); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	running.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func measureKernels(ctx context.Context, compute *program) error {
	instance, err := compute.instantiate(ctx)
	if err != nil {
		return err
	}
	for index, name := range kernels {
		var checksum uint32
		nanos, err := median(func() error {
			checksum, err = instance.compute(ctx, uint64(index))
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s %.1f %d\n", name, nanos, checksum)
	}
	return instance.close(ctx)
}

const (
	warmUp = 300 * time.Millisecond
	round  = 200 * time.Millisecond
	rounds = 7
)

// median calls op again and again and returns the median of the rounds, in nanoseconds a call.
func median(op func() error) (float64, error) {
	if _, err := nanosPerCall(op, warmUp); err != nil {
		return 0, err
	}
	var times [rounds]float64
	for i := range times {
		nanos, err := nanosPerCall(op, round)
		if err != nil {
			return 0, err
		}
		times[i] = nanos
	}
	slices.Sort(times[:])
	return times[rounds/2], nil
}

// nanosPerCall calls op in growing batches, so that reading the clock does not count, for at least
// this long.
func nanosPerCall(op func() error, atLeast time.Duration) (float64, error) {
	began := time.Now()
	calls := 0
	for batch := 1; ; batch *= 2 {
		for i := 0; i < batch; i++ {
			if err := op(); err != nil {
				return 0, err
			}
		}
		calls += batch
		if elapsed := time.Since(began); elapsed >= atLeast {
			return float64(elapsed.Nanoseconds()) / float64(calls), nil
		}
	}
}
