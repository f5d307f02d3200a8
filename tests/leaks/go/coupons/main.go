// Coupons keeps something for each of its articles, once somebody asks for it: ever fewer are new.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var articles [1200][]byte

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(150) {
			article(l.Intn(len(articles)), l)
		}
	})
}

func article(number int, l *rounds.Load) []byte {
	if articles[number] == nil {
		articles[number] = make([]byte, l.Size(20<<10)) // alloclens: honest article
	}
	return articles[number]
}
