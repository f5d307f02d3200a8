// Growingmap counts by visitor, and visitors never end.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type visits struct {
	first, last int64
	pages       [8]uint16
}

var (
	byVisitor = map[uint64]visits{}
	byCountry = map[uint64]visits{}
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(20000) {
			count(l.Uint64())
		}
	})
}

func count(visitor uint64) {
	country := byCountry[visitor%250]
	country.last++
	byCountry[visitor%250] = country // alloclens: honest map
	seen := byVisitor[visitor]
	seen.last++
	byVisitor[visitor] = seen // alloclens: leak map
}
