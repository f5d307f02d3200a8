// Acknowledged publishes events that are all acknowledged, some of them rounds later.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"example.com/outbox"
)

const slowest = 8 // rounds

func main() {
	service, client := background.New(), outbox.Connect()
	var due [slowest][]uint64
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for _, id := range due[l.Round%slowest] {
			client.Acknowledge(id)
		}
		due[l.Round%slowest] = nil
		for range l.Requests(400) {
			slot := &due[(l.Round+1+l.Intn(slowest-1))%slowest]
			*slot = append(*slot, client.Publish(make([]byte, l.Size(3<<10)))) // alloclens: honest event
		}
	})
}
