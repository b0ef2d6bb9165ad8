//go:build wasip1

package main

//go:wasmexport compute
func compute(int32) uint32 {
	return checksum()
}

func main() {}
