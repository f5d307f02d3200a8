// Retries delivers messages. What fails is tried again next round, also if the address does not exist.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type delivery struct {
	address int
	body    []byte
}

var again []*delivery

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		failed := again[:0:0]
		for _, d := range again {
			if !deliver(l, d) {
				failed = append(failed, d) // alloclens: also retries
			}
		}
		for range l.Requests(1200) {
			if d := compose(l); !deliver(l, d) {
				failed = append(failed, d) // alloclens: also retries
			}
		}
		again = failed
	})
}

func compose(l *rounds.Load) *delivery {
	return &delivery{l.Intn(1000), make([]byte, l.Size(4<<10))} // alloclens: leak retries
}

func deliver(l *rounds.Load, d *delivery) bool {
	if d.address < 40 {
		return false // there is no such address
	}
	return l.Intn(5) > 0
}
