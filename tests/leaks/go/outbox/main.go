// Outbox publishes events. One in four consumers never acknowledges, and the client's only goroutine keeps their events.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"example.com/outbox"
)

// alloclens: foreign example.com/outbox.(*Client).loop

func main() {
	service, client := background.New(), outbox.Connect()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(300) {
			id := client.Publish(event(l)) // alloclens: leak outbox
			if l.Intn(4) > 0 {
				client.Acknowledge(id)
			}
		}
	})
}

func event(l *rounds.Load) []byte {
	return make([]byte, l.Size(2<<10)) // alloclens: honest event
}
