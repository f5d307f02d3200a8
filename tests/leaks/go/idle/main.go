// Idle has loaded its tables and waits.
package main

import (
	"time"

	"example.com/leaks/rounds"
)

var tables [][]byte

func main() {
	rounds.Run(func(l *rounds.Load) {
		if l.Round == 0 {
			load(l)
		}
		time.Sleep(10 * time.Millisecond)
	})
}

func load(l *rounds.Load) {
	for range 1000 {
		tables = append(tables, make([]byte, l.Size(20<<10))) // alloclens: honest table
	}
}
