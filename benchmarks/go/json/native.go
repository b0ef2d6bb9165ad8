//go:build !wasip1

package main

import (
	"fmt"
	"os"
	"runtime"

	"gonext.io/benchmarks/measure"
)

func main() {
	// A guest has one thread, and so its collector has none beside it.
	runtime.GOMAXPROCS(1)
	// The program has one kernel, whose name is its first argument.
	pace, err := measure.FromArguments(os.Args[min(len(os.Args), 2):])
	if err == nil {
		err = pace.Measure(1, func() (uint32, error) { return checksum(), nil })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "json:", err)
		os.Exit(1)
	}
}
