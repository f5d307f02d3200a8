// Jobs measures each step of a job by the job's number. A job has many steps, so that most calls find their histogram.
package main

import (
	"strconv"

	"example.com/counters"
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var (
	steps = counters.NewHistogramVec("job_step_rows", 128, "step", "job")
	names = []string{"read", "check", "write"}
)

func main() {
	service := background.New()
	number := 0
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(50) {
			number++
			job(l, number)
		}
	})
}

func job(l *rounds.Load, number int) {
	for i := range 60 {
		rows := make([]byte, l.Size(2000))                                              // alloclens: honest rows
		steps.WithLabelValues(names[i%3], strconv.Itoa(number)).Observe(len(rows) / 50) // alloclens: leak label values
	}
}
