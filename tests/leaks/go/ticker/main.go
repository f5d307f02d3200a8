// Ticker refreshes every session by a ticker of its own, and never stops it: the scheduler keeps them all.
package main

import (
	"time"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var refreshers = map[int]*time.Ticker{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(4000) {
			open(len(refreshers))
		}
		stopClock()
	})
}

func open(session int) {
	refreshers[session] = time.NewTicker(time.Hour) // alloclens: leak ticker
}

// stopClock makes a ticker and stops it, as it should be.
func stopClock() {
	clock := time.NewTicker(time.Minute) // alloclens: honest ticker
	defer clock.Stop()
}
