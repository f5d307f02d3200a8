// Bounded measures requests by labels with few values. Some of their combinations are rare and come late.
package main

import (
	"example.com/counters"
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var (
	durations = counters.NewHistogramVec("request_seconds", 256, "route", "status")
	routes    = names("/", 40)
	statuses  = names("", 30)
)

func names(prefix string, count int) []string {
	out := make([]string, count)
	for i := range out {
		out[i] = prefix + string(rune('a'+i))
	}
	return out
}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(300) {
			route, status := l.Float64(), l.Float64()
			serve(routes[int(40*route*route)], statuses[int(30*status*status*status)], l.Intn(256))
		}
	})
}

func serve(route, status string, seconds int) {
	durations.WithLabelValues(route, status).Observe(seconds) // alloclens: honest labels
}
