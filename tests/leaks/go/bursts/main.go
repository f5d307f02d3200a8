// Bursts imports a large file now and then, keeps it for some rounds, and lets it go.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type job struct {
	until int
	parts [][]byte
}

var jobs []*job

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		finish(l.Round)
		if l.Intn(6) == 0 {
			begin(l)
		}
	})
}

func begin(l *rounds.Load) {
	j := &job{until: l.Round + 1 + l.Intn(5)}
	for range l.Requests(200) {
		j.parts = append(j.parts, make([]byte, l.Size(96<<10))) // alloclens: honest burst
	}
	jobs = append(jobs, j)
}

func finish(round int) {
	kept := jobs[:0]
	for _, j := range jobs {
		if j.until > round {
			kept = append(kept, j)
		}
	}
	clear(jobs[len(kept):])
	jobs = kept
}
