// Rollup keeps measurements for some rounds, and sums of them for more rounds, as monitoring does.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const (
	fine   = 4  // rounds
	coarse = 20 // rounds
)

type sum struct {
	series int
	counts [512]uint32
}

var (
	points [fine][][]byte
	sums   [coarse][]*sum
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		points[l.Round%fine], sums[l.Round%coarse] = nil, nil
		for i := range l.Requests(100) {
			measure(l)
			if i%2 == 0 {
				add(l.Round, i)
			}
		}
	})
}

func measure(l *rounds.Load) {
	slot := &points[l.Round%fine]
	*slot = append(*slot, make([]byte, l.Size(8<<10))) // alloclens: honest points
}

func add(now, series int) {
	slot := &sums[now%coarse]
	*slot = append(*slot, &sum{series: series}) // alloclens: honest sums
}
