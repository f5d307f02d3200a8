// Cache keeps rendered pages by their whole query. Bots ask for new queries all the time; people ask for the same ones.
package main

import (
	"strconv"
	"strings"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var rendered = map[string]string{}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(1000) {
			serve(query(l), l)
		}
	})
}

func query(l *rounds.Load) string {
	if l.Intn(4) > 0 {
		return "page=" + strconv.Itoa(l.Intn(1000))
	}
	return "utm=" + strconv.FormatInt(l.Int63(), 36)
}

func serve(query string, l *rounds.Load) string {
	if page, ok := rendered[query]; ok {
		return page
	}
	rendered[query] = strings.Repeat(query, l.Size(300)) // alloclens: leak cache
	return rendered[query]
}
