// Sawtooth gathers rows until a batch is full, writes the batch, and begins anew.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type row struct {
	id    int
	cells [120]float64
}

var (
	batch   []*row
	written int
)

func main() {
	service := background.New()
	full := 0
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		if full == 0 {
			full = 6000 + l.Intn(20000)
		}
		for range l.Requests(2000) {
			batch = append(batch, &row{id: l.Int()}) // alloclens: honest sawtooth
			if len(batch) > full {
				flush()
			}
		}
	})
}

func flush() {
	written += len(batch)
	batch = nil
}
