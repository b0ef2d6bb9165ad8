// Transforms a program with esbuild, whose parser has functions of 200 KB of WebAssembly.
package main

import (
	"fmt"
	"hash/fnv"

	_ "embed"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed program.ts
var program string

// transform returns a hash of the program as esbuild writes it in JavaScript.
func transform() int64 {
	result := api.Transform(program, api.TransformOptions{
		Loader:            api.LoaderTS,
		Target:            api.ES2015,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
	})
	hash := fnv.New64a()
	for _, message := range result.Errors {
		fmt.Fprintln(hash, message.Text)
	}
	hash.Write(result.Code)
	return int64(hash.Sum64())
}

func main() {
	fmt.Println(transform())
}
