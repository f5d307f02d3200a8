// Shipper starts a log shipper for each request, and closes it only if the request succeeds.
package main

import (
	"io"
	"strings"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"example.com/shipper"
)

// alloclens: foreign example.com/shipper.(*Shipper).collect
// alloclens: foreign example.com/shipper.New

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(90) {
			serve(l.Intn(3) > 0)
		}
	})
}

func serve(succeeds bool) {
	logs := shipper.New("orders", io.Discard) // alloclens: leak shipper
	logs.Send(strings.Repeat("order ", 20))   // alloclens: honest line
	if succeeds {
		logs.Close()
	}
}
