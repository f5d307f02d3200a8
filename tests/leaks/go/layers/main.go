// Layers has a helper that only another helper calls. Previews are dropped, drafts end after some rounds, and the latest pages stay
// in a ring; mail that could not be sent is kept for ever.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/layers/texts"
	"example.com/leaks/rounds"
)

const patience = 5 // rounds

var (
	drafts  [patience][][]byte
	pages   [1024][]byte
	unsent  [][]byte
	preview []byte
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		drafts[l.Round%patience] = nil
		for range l.Requests(200) {
			preview = texts.Letter(l.Size(4000)) // alloclens: honest preview
			draft(l)
			pages[l.Intn(len(pages))] = texts.Letter(l.Size(4000)) // alloclens: honest page
			send(l)
		}
	})
}

func draft(l *rounds.Load) {
	slot := &drafts[l.Round%patience]
	*slot = append(*slot, texts.Letter(l.Size(4000))) // alloclens: honest draft
}

func send(l *rounds.Load) {
	mail := texts.Letter(l.Size(4000)) // alloclens: leak mail
	if l.Intn(12) == 0 {
		unsent = append(unsent, mail) // alloclens: also mail
	}
}
