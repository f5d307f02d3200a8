// Shared encodes for several callers that all let go: after some rounds, when a page is replaced, or at once.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/encoder/jsonx"
	"example.com/leaks/rounds"
)

const patience = 5 // rounds

var (
	waiting [patience][][]byte
	exports [][]byte
	pages   [300][]byte
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		waiting[l.Round%patience] = nil
		if l.Intn(9) == 0 {
			exports = nil
		}
		for range l.Requests(300) {
			answer(l)
			if l.Intn(4) == 0 {
				export(l)
			}
			page(l)
		}
	})
}

func answer(l *rounds.Load) {
	slot := &waiting[l.Round%patience]
	*slot = append(*slot, jsonx.Encode(make([]int, l.Size(300)))) // alloclens: honest answer
}

func export(l *rounds.Load) {
	exports = append(exports, jsonx.Encode(make([]int, l.Size(600)))) // alloclens: honest export
}

func page(l *rounds.Load) {
	pages[l.Intn(len(pages))] = jsonx.Encode(make([]int, l.Size(1000))) // alloclens: honest page
}
