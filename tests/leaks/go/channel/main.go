// Channel publishes events for a subscriber that was never written.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type event struct {
	id      int
	payload []byte
}

var (
	orders   = make(chan *event, 1<<20) // alloclens: honest queue
	metrics  = make(chan *event, 1<<10) // alloclens: honest queue
	consumed int
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for i := range l.Requests(400) {
			orders <- newOrder(i, l.Size(2500))
			metrics <- &event{i, make([]byte, l.Size(2500))} // alloclens: honest event
			if len(metrics) > l.Intn(200) {
				drain()
			}
		}
	})
}

func newOrder(id, size int) *event {
	return &event{id, make([]byte, size)} // alloclens: leak channel
}

func drain() {
	for len(metrics) > 0 {
		consumed += (<-metrics).id
	}
}
