// Context derives a context that can be cancelled for every request from the server's own, and never cancels it.
package main

import (
	"context"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

func main() {
	server, stop := context.WithCancel(context.Background())
	defer stop()
	console, stopConsole := context.WithCancel(context.Background())
	defer stopConsole()
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(5000) {
			handle(server)
			handleWell(console)
		}
	})
}

func handle(server context.Context) bool {
	request, _ := context.WithCancel(server) // alloclens: leak context
	return request.Err() == nil
}

// handleWell has a parent of its own: the table of a parent's children may be made larger by any line that derives one.
func handleWell(console context.Context) bool {
	request, cancel := context.WithCancel(console) // alloclens: honest context
	defer cancel()
	return request.Err() == nil
}
