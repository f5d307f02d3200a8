// Fleet is three processes that write their snapshots to one directory. Each holds the documents of its customers while they work.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

// alloclens: replicas 3

type draft struct {
	closes int
	text   []byte
}

func main() {
	service := background.New()
	var drafts []*draft
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		var open []*draft
		for _, d := range drafts {
			if d.closes > l.Round {
				open = append(open, d)
			}
		}
		drafts = open
		for range l.Requests(120) {
			drafts = append(drafts, edit(l))
		}
	})
}

func edit(l *rounds.Load) *draft {
	return &draft{l.Round + 1 + int(4*l.ExpFloat64()), make([]byte, l.Size(8<<10))} // alloclens: honest draft
}
