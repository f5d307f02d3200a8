// Deferred consumes messages in a loop that never returns, and defers in it.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type transaction struct {
	log  [4 << 10]byte
	open bool
}

func (t *transaction) rollback() {
	t.open = false
}

func main() {
	service := background.New()
	messages, done := make(chan int), make(chan struct{})
	go consume(messages, done)
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(200) {
			messages <- l.Intn(4)
			<-done
		}
	})
}

func consume(messages <-chan int, done chan<- struct{}) {
	for m := range messages {
		if m == 0 {
			t := &transaction{open: true} // alloclens: leak deferred
			defer t.rollback()            // alloclens: leak deferred
		}
		done <- struct{}{}
	}
}
