// Arena is a pool of blocks that lends what it has, makes more if it has none, and gives nothing back to the collector. It holds
// as much as the busiest round has needed.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type block [32 << 10]byte

var free []*block

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		lent := make([]*block, l.Requests(150))
		for i := range lent {
			lent[i] = take()
		}
		free = append(free, lent...)
	})
}

func take() *block {
	last := len(free) - 1
	if last < 0 {
		return new(block) // alloclens: honest block
	}
	b := free[last]
	free = free[:last]
	return b
}
