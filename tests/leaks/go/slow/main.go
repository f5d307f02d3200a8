// Slow leaks one of a hundred records that it makes, all of them on one line, beside much other churn.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type record struct {
	id   int
	body [2000]byte
}

var unmatched = map[int]*record{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for i := range l.Requests(25000) {
			r := parse(l.Round<<20 + i)
			if l.Intn(100) == 0 {
				unmatched[r.id] = r // alloclens: also slow
			}
			if i%50 == 0 {
				scratch(l.Size(64 << 10))
			}
		}
	})
}

func parse(id int) *record {
	return &record{id: id} // alloclens: leak slow
}

func scratch(size int) []byte {
	return append(make([]byte, 0, size), 1) // alloclens: honest scratch
}
