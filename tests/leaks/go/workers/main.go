// Workers starts a goroutine for every request; each of them ends, some only after several rounds.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var waiting [8]chan struct{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		release(l.Round % len(waiting))
		for range l.Requests(60) {
			begin(waiting[(l.Round+1+l.Intn(7))%len(waiting)], l.Size(16<<10))
		}
	})
}

// release ends all that wait for this round.
func release(slot int) {
	if waiting[0] == nil {
		for i := range waiting {
			waiting[i] = make(chan struct{})
		}
	}
	close(waiting[slot])
	waiting[slot] = make(chan struct{})
}

func begin(released chan struct{}, size int) {
	work := make([]byte, size) // alloclens: honest worker
	go func() {                // alloclens: honest worker
		<-released
		work[0]++
	}()
}
