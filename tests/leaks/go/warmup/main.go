// Warmup loads its tables lazily, much of them in the first rounds, the rest as they are asked for first.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const tables = 300

var (
	loaded = map[int][]int{}
	index  = map[int]int{}
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(100) {
			ask(l.Intn(tables), l)
		}
	})
}

func ask(table int, l *rounds.Load) int {
	if loaded[table] == nil {
		loaded[table] = make([]int, l.Size(12<<10)) // alloclens: honest table
		for range l.Size(800) {
			index[l.Int()] = table // alloclens: honest index
		}
	}
	return len(loaded[table])
}
