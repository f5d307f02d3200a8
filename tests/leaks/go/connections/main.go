// Connections opens one more connection whenever all are in use, up to a limit, and closes those that stand idle for a while.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const (
	limit    = 400
	patience = 8 // rounds
)

type connection struct {
	used        int
	read, write [16 << 10]byte
}

var idle []*connection

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		busy := make([]*connection, 0, limit)
		for range min(limit, l.Requests(60)) {
			busy = append(busy, take(l.Round))
		}
		idle = append(idle, busy...)
		expire(l.Round)
	})
}

func take(now int) *connection {
	last := len(idle) - 1
	if last < 0 {
		return &connection{used: now} // alloclens: honest connection
	}
	c := idle[last]
	idle = idle[:last]
	c.used = now
	return c
}

func expire(now int) {
	var kept []*connection
	for _, c := range idle {
		if now-c.used < patience {
			kept = append(kept, c)
		}
	}
	idle = kept
}
