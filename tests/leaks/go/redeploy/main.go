// Redeploy keeps a session for each login. Nothing removes those that end without a logout. Halfway, a new process starts.
package main

import (
	"strconv"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

// alloclens: restart 30

type session struct {
	user   string
	basket [1500]byte
}

var sessions = map[uint64]*session{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(400) {
			token := login(l)
			if l.Intn(2) == 0 {
				delete(sessions, token)
			}
		}
	})
}

func login(l *rounds.Load) uint64 {
	token := l.Uint64()
	sessions[token] = &session{user: strconv.Itoa(l.Intn(1000))} // alloclens: leak sessions
	return token
}
