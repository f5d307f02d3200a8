// Encoder has a helper that encodes for all. Answers wait for slow clients for some rounds; the audit keeps its copies.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/encoder/jsonx"
	"example.com/leaks/rounds"
)

type order struct {
	ID    int
	Items []string
	Notes map[string]string
}

const patience = 4 // rounds

var (
	waiting [patience][][]byte
	pages   [128][]byte
	audit   [][]byte
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		waiting[l.Round%patience] = nil
		for range l.Requests(250) {
			answer(l)
			if l.Intn(5) == 0 {
				page(l)
			}
			if l.Intn(6) == 0 {
				record(l)
			}
		}
	})
}

func newOrder(l *rounds.Load) order {
	return order{l.Int(), make([]string, l.Size(500)), map[string]string{"a": "b"}} // alloclens: honest order
}

func answer(l *rounds.Load) {
	slot := &waiting[l.Round%patience]
	*slot = append(*slot, jsonx.Encode(newOrder(l))) // alloclens: honest answer
}

func page(l *rounds.Load) {
	pages[l.Intn(len(pages))] = jsonx.Encode(newOrder(l)) // alloclens: honest page
}

func record(l *rounds.Load) {
	text := jsonx.Encode(newOrder(l)) // alloclens: leak audit
	audit = append(audit, text)       // alloclens: also audit
}
