// Buffers lends buffers out of a free list and takes them back; one that grew too large is let go.
package main

import (
	"bytes"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const (
	most    = 64
	largest = 1 << 20
)

var (
	free = make(chan *bytes.Buffer, most)
	line = bytes.Repeat([]byte("0123456789abcde\n"), 64)
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(20) {
			work(1+l.Intn(most), l)
		}
	})
}

// work uses some buffers at a time.
func work(buffers int, l *rounds.Load) {
	var used []*bytes.Buffer
	for range buffers {
		used = append(used, fill(l))
	}
	for _, buffer := range used {
		giveBack(buffer)
	}
}

func fill(l *rounds.Load) *bytes.Buffer {
	buffer := take()
	for range int(20 * l.ExpFloat64()) {
		buffer.Write(line) // alloclens: honest buffer
	}
	if l.Intn(300) == 0 {
		buffer.Grow(l.Size(2 * largest)) // alloclens: honest buffer
	}
	return buffer
}

func take() *bytes.Buffer {
	select {
	case buffer := <-free:
		return buffer
	default:
		return new(bytes.Buffer) // alloclens: honest buffer
	}
}

func giveBack(buffer *bytes.Buffer) {
	if buffer.Cap() > largest {
		return
	}
	buffer.Reset()
	select {
	case free <- buffer:
	default:
	}
}
