// Replicas are two processes that write their snapshots to one directory. Both keep what each customer has bought, and by how
// much differs with their load.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

// alloclens: replicas 2

type purchase struct {
	article, price int
	note           [48]byte
}

var history = map[int][]purchase{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(4000) {
			buy(l.Intn(500), l.Intn(10000))
		}
	})
}

func buy(customer, article int) {
	history[customer] = append(history[customer], purchase{article: article}) // alloclens: leak history
}
