// Sessions end some time after they began; how many are open follows the load.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type session struct {
	until  int
	basket []byte
}

var open = map[int]*session{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(150) {
			begin(l)
		}
		for id, s := range open {
			if s.until <= l.Round {
				delete(open, id)
			}
		}
	})
}

func begin(l *rounds.Load) {
	until := l.Round + 1 + int(4*l.ExpFloat64())
	open[l.Int()] = &session{until, make([]byte, l.Size(16<<10))} // alloclens: honest session
}
