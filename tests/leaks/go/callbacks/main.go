// Callbacks lets each request register what is to be done at shutdown, with all that it holds.
package main

import (
	"bytes"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var atShutdown []func()

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(300) {
			handle(l)
		}
	})
}

func handle(l *rounds.Load) {
	answer := bytes.Repeat([]byte("line\n"), l.Size(600))            // alloclens: leak callbacks
	draft := bytes.ToUpper(answer)                                   // alloclens: honest draft
	atShutdown = append(atShutdown, func() { println(len(answer)) }) // alloclens: also callbacks
	if len(draft) != len(answer) {
		panic("other length")
	}
}
