// Timer sets an alarm for every order. Most orders are paid at once, and their alarms are forgotten, but not stopped.
package main

import (
	"time"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type order struct {
	id    int
	lines [20]int
}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for i := range l.Requests(5000) {
			remind(i)
		}
		closeShop(l.Round)
	})
}

func remind(id int) {
	time.AfterFunc(24*time.Hour, func() { println("not paid", id) }) // alloclens: leak timer
}

// closeShop stops its timer, as it should. Once a round: the runtime forgets stopped timers only when they are many.
func closeShop(day int) {
	o := &order{id: day}
	late := time.AfterFunc(time.Hour, func() { println("late", o.lines[0]) }) // alloclens: honest timer
	late.Stop()
}
