// Command json is the kernel go_json of ./bench engine: encoding/json reads 16 KiB into structs and
// into maps, and writes both again. One source, built twice: as a guest with the export compute,
// and as a program.
package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
)

const length = 16 * 1024

type order struct {
	ID       uint32            `json:"id"`
	Customer string            `json:"customer"`
	Paid     bool              `json:"paid"`
	Note     *string           `json:"note"`
	Labels   map[string]string `json:"labels"`
	Lines    []line            `json:"lines"`
}

type line struct {
	SKU   string  `json:"sku"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

// document is the input, always the same.
var document = write()

func write() []byte {
	state := uint64(0x2545f4914f6cdd1d)
	below := func(bound uint32) uint32 {
		state ^= state >> 12
		state ^= state << 25
		state ^= state >> 27
		return uint32((state*0x2545f4914f6cdd1d)>>32) % bound
	}
	var orders []order
	for size := 0; size < length; {
		next := order{
			ID:       below(1 << 31),
			Customer: fmt.Sprintf("customer \"%d\" of \u00fcbersee", below(10_000)),
			Paid:     below(2) == 0,
			Labels:   map[string]string{"region": "north", "channel": fmt.Sprint(below(100))},
		}
		if below(3) == 0 {
			note := "leave it\nat the <door>"
			next.Note = &note
		}
		for range 1 + below(4) {
			next.Lines = append(next.Lines, line{
				SKU:   fmt.Sprintf("A-%06d", below(1_000_000)),
				Count: int(below(20)),
				Price: float64(below(100_000)) / 100,
			})
		}
		text, err := json.Marshal(next)
		if err != nil {
			panic(err)
		}
		size += len(text)
		orders = append(orders, next)
	}
	text, err := json.Marshal(orders)
	if err != nil {
		panic(err)
	}
	return text
}

// checksum reads the document twice and hashes what it writes of it.
func checksum() uint32 {
	hash := fnv.New32a()
	var orders []order
	again(&orders, hash.Write)
	var values any
	again(&values, hash.Write)
	return hash.Sum32()
}

func again(value any, write func([]byte) (int, error)) {
	if err := json.Unmarshal(document, value); err != nil {
		panic(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	_, _ = write(text)
}
