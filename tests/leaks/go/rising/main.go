// Rising has ever more customers during the run, so that more sessions are open and more answers wait to be sent.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const (
	start    = 40 // requests of the first round; four times as many come in the last one
	lifetime = 3  // rounds
)

type session struct {
	ends int
	cart [3000]byte
}

var (
	sessions []*session
	answers  [lifetime][][]byte
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		answers[l.Round%lifetime] = nil
		logout(l.Round)
		for range l.Requests(start * (20 + l.Round) / 20) {
			login(l)
			answer(l)
		}
	})
}

func login(l *rounds.Load) {
	ends := l.Round + 1 + int(4*l.ExpFloat64())
	sessions = append(sessions, &session{ends: ends}) // alloclens: honest sessions
}

func logout(now int) {
	var open []*session
	for _, s := range sessions {
		if s.ends > now {
			open = append(open, s) // alloclens: honest sessions
		}
	}
	sessions = open
}

func answer(l *rounds.Load) {
	slot := &answers[l.Round%lifetime]
	*slot = append(*slot, make([]byte, l.Size(6<<10))) // alloclens: honest answers
}
