// Deadline gives each connection a timer and files it by the hour; the files of past hours are never thrown away.
package main

import (
	"time"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type watch struct {
	timer  *time.Timer
	client [160]byte
}

var byHour = map[int][]*watch{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(2500) {
			accept(l.Round)
		}
	})
}

func accept(hour int) {
	w := &watch{timer: time.NewTimer(time.Hour)} // alloclens: leak deadline
	w.timer.Stop()
	byHour[hour] = append(byHour[hour], w) // alloclens: leak deadline
}
