// Reads in-toto statements with SLSA provenance and refuses what the published schema does not know.
package main

import (
	"fmt"
	"os"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	statement "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

func main() {
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Printf("%s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var read statement.Statement
	if err := protojson.Unmarshal(text, &read); err != nil {
		return err
	}
	if err := read.Validate(); err != nil {
		return err
	}
	predicate, err := protojson.Marshal(read.GetPredicate())
	if err != nil {
		return err
	}
	var slsa provenance.Provenance
	if err := protojson.Unmarshal(predicate, &slsa); err != nil {
		return err
	}
	return slsa.Validate()
}
