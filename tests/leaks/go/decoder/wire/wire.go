// Package wire reads and writes records.
package wire

import "encoding/binary"

// A Record has fields by number.
type Record struct {
	ID     uint64
	Fields [][]byte
}

// Read returns a record that does not share memory with its frame.
func Read(frame []byte) *Record {
	id, n := binary.Uvarint(frame)
	r := &Record{ID: id} // alloclens: helper duplicates
	for frame = frame[n:]; len(frame) > 0; {
		size := int(frame[0])
		r.Fields = append(r.Fields, append([]byte(nil), frame[1:1+size]...)) // alloclens: helper duplicates
		frame = frame[1+size:]
	}
	return r
}

// Frame returns a record of this size in its form on the wire.
func Frame(id uint64, fields int) []byte {
	out := binary.AppendUvarint(nil, id) // alloclens: honest frame
	for range fields {
		out = append(out, 8, 1, 2, 3, 4, 5, 6, 7, 8) // alloclens: honest frame
	}
	return out
}
