// Pool takes buffers from a sync.Pool, lets them grow, and puts them back; but a failed request keeps its buffer for a
// retry that never happens.
package main

import (
	"bytes"
	"sync"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }} // alloclens: also pool
	retries []*bytes.Buffer
	line    = bytes.Repeat([]byte("0123456789abcde\n"), 16)
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(400) {
			handle(l)
		}
	})
}

func handle(l *rounds.Load) {
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	for range l.Intn(100) {
		buffer.Write(line) // alloclens: leak pool
	}
	if l.Intn(7) == 0 {
		retries = append(retries, buffer) // alloclens: also pool
		return
	}
	buffers.Put(buffer)
}
