// Chain hands events to readers as a linked list. A reader whose client is gone still points to an old event, which holds all
// that came after it.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type event struct {
	next *event
	body [1000]byte
}

type reader struct{ at *event }

func (r *reader) read() {
	for r.at.next != nil {
		r.at = r.at.next
	}
}

func main() {
	service, last := background.New(), &event{}
	readers := []*reader{{last}, {last}, {last}}
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(250) {
			last = publish(last)
			for i, r := range readers {
				if i > 0 || l.Round < 4 {
					r.read()
				}
			}
		}
	})
}

func publish(last *event) *event {
	last.next = &event{} // alloclens: leak chain
	return last.next
}
