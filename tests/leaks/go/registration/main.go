// Registration makes a histogram for every request; the library keeps them all.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"example.com/telemetry"
)

func main() {
	service := background.New()
	total := telemetry.NewHistogram("total", 1000) // alloclens: honest registration
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(250) {
			handle(l.Intn(1000))
			total.Observe(l.Intn(1000))
		}
	})
}

func handle(milliseconds int) {
	latency := telemetry.NewHistogram("latency", 500) // alloclens: leak registration
	latency.Observe(milliseconds)
}
