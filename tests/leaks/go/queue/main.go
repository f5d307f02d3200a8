// Queue takes what comes and does what it can; its length walks at random about a mean.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

const usual = 1500

type task struct {
	id   int
	body []byte
}

var tasks []*task

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(900) {
			tasks = append(tasks, newTask(l)) // alloclens: honest queue
			if len(tasks) > 0 && l.Float64() < float64(len(tasks))/(2*usual) {
				tasks = tasks[1:]
			}
		}
		for range l.Intn(40) * l.Intn(40) {
			if len(tasks) > usual/2 {
				tasks = tasks[1:]
			}
		}
	})
}

func newTask(l *rounds.Load) *task {
	return &task{l.Int(), make([]byte, l.Size(8<<10))} // alloclens: honest task
}
