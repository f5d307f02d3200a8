// Closure asks two replicas and takes the first answer. The other one's goroutine waits for a reader for ever.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(20) {
			ask(l.Size(30 << 10))
		}
		for range l.Requests(20) {
			askOne(l.Size(30 << 10))
		}
	})
}

func ask(size int) []byte {
	answers := make(chan []byte) // alloclens: also closure
	for range 2 {
		go func() { // alloclens: leak closure
			answers <- make([]byte, size) // alloclens: leak closure
		}()
	}
	return <-answers
}

func askOne(size int) []byte {
	answers := make(chan []byte)
	go func() { // alloclens: honest closure
		answers <- make([]byte, size) // alloclens: honest closure
	}()
	return <-answers
}
