// Labels measures requests by their raw path, which holds the number of the order.
package main

import (
	"strconv"

	"example.com/counters"
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var (
	sizes     = counters.NewHistogramVec("request_bytes", 64, "method", "status")
	durations = counters.NewHistogramVec("request_seconds", 64, "method", "path")
	methods   = []string{"GET", "POST", "PUT"}
	statuses  = []string{"200", "201", "404", "500"}
)

func main() {
	service := background.New()
	orders := 0
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(600) {
			if l.Intn(2) == 0 {
				orders++
			}
			serve(l, methods[l.Intn(3)], "/orders/"+strconv.Itoa(orders-l.Intn(orders+1)/100))
		}
	})
}

func serve(l *rounds.Load, method, path string) {
	sizes.WithLabelValues(method, statuses[l.Intn(4)]).Observe(l.Intn(100)) // alloclens: honest labels
	durations.WithLabelValues(method, path).Observe(l.Intn(100))            // alloclens: leak label values
}
