// Growingslice writes an audit trail into memory, by value.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type entry struct {
	at, user, action int64
	amount           float64
}

var trail []entry

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for i := range l.Requests(25000) {
			audit(int64(i), l.Int63())
		}
	})
}

func audit(at, user int64) {
	trail = append(trail, entry{at: at, user: user}) // alloclens: leak slice
}
