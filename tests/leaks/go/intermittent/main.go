// Intermittent leaks only while a feature is on, which comes and goes: some rounds on, some rounds off.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type trace struct {
	spans [1500]byte
	next  *trace
}

var traces *trace

func main() {
	service := background.New()
	tracing := false
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		if l.Intn(3) == 0 {
			tracing = !tracing
		}
		for range l.Requests(1500) {
			begin(tracing)
		}
	})
}

func begin(keep bool) {
	t := &trace{} // alloclens: leak intermittent
	if keep {
		t.next, traces = traces, t
	}
}
