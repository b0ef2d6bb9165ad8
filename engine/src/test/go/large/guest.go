//go:build wasip1

package main

//go:wasmexport transform
func export() int64 {
	return transform()
}

//go:wasmexport forever
func forever() {
	for {
		transform()
	}
}
