// Package jsonx encodes.
package jsonx

import (
	"bytes"
	"encoding/json"
)

// Encode returns a value's text, which is the caller's.
func Encode(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(value); err != nil { // alloclens: helper audit
		panic(err)
	}
	return bytes.Clone(out.Bytes()) // alloclens: helper audit
}
