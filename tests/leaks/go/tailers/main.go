// Tailers ships the lines of files that are open for some rounds, by a library that has a goroutine for each of them.
package main

import (
	"io"
	"strings"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"example.com/shipper"
)

type tailer struct {
	logs *shipper.Shipper
	ends int
}

func main() {
	service := background.New()
	var open []tailer
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		var still []tailer
		for _, t := range open {
			if t.ends > l.Round {
				still = append(still, t)
			} else {
				t.logs.Close()
			}
		}
		open = still
		for range l.Requests(60) {
			open = append(open, tail(l))
		}
	})
}

func tail(l *rounds.Load) tailer {
	t := tailer{shipper.New("file", io.Discard), l.Round + 1 + int(3*l.ExpFloat64())} // alloclens: honest tailer
	t.logs.Send(strings.Repeat("line ", 20))
	return t
}
