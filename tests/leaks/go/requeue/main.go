// Requeue tries failed deliveries again, five times at most. While the receiver is down, which it is at times, they pile up.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const attempts = 5

type delivery struct {
	attempt int
	body    []byte
}

var (
	again []*delivery
	down  bool
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		down = l.Intn(4) == 0
		due := again
		again = nil
		for _, d := range due {
			deliver(l, d)
		}
		for range l.Requests(300) {
			deliver(l, compose(l))
		}
	})
}

func compose(l *rounds.Load) *delivery {
	return &delivery{body: make([]byte, l.Size(6<<10))} // alloclens: honest delivery
}

func deliver(l *rounds.Load, d *delivery) {
	if d.attempt++; d.attempt < attempts && (down || l.Intn(20) == 0) {
		again = append(again, d) // alloclens: honest delivery
	}
}
