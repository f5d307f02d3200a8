// Ttl is a cache whose entries are valid for ten rounds. Expired ones are removed now and then, all at once.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const (
	lifetime = 10 // rounds
	cleaning = 7  // rounds
)

type entry struct {
	expires int
	answer  []byte
}

var entries = map[int]*entry{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		if l.Round%cleaning == cleaning-1 {
			clean(l.Round)
		}
		for range l.Requests(150) {
			lookup(int(4000*l.Float64()*l.Float64()), l)
		}
	})
}

func lookup(key int, l *rounds.Load) []byte {
	if e, ok := entries[key]; ok && e.expires > l.Round {
		return e.answer
	}
	e := &entry{l.Round + lifetime, make([]byte, l.Size(10<<10))} // alloclens: honest entry
	entries[key] = e                                              // alloclens: honest entry
	return e.answer
}

func clean(now int) {
	for key, e := range entries {
		if e.expires <= now {
			delete(entries, key)
		}
	}
}
