// Wrapped wraps its handler anew for every request; two libraries down, instruments are registered each time.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"example.com/middleware"
)

var home = middleware.Measured("home", answer) // alloclens: honest wrapped

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(170) {
			body := make([]byte, l.Size(8<<10)) // alloclens: honest body
			home(body)
			catalog(body)
		}
	})
}

func catalog(body []byte) int {
	handler := middleware.Measured("catalog", answer) // alloclens: leak wrapped
	return handler(body)
}

func answer(request []byte) int {
	if len(request) > 10<<10 {
		return 413
	}
	return 200
}
