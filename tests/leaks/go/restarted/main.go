// Restarted is a service that is deployed twice during the run. After each start it fills its caches again.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

// alloclens: restart 25
// alloclens: restart 44

type profile struct {
	id   int
	data []byte
}

var profiles = map[int]*profile{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(900) {
			load(l.Intn(4000), l)
		}
	})
}

func load(id int, l *rounds.Load) *profile {
	if p, ok := profiles[id]; ok {
		return p
	}
	p := &profile{id, make([]byte, l.Size(3000))} // alloclens: honest profiles
	profiles[id] = p                              // alloclens: honest profiles
	return p
}
