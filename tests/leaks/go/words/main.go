// Words interns the words of texts. The more of them are known, the rarer is a new one, as in any language.
package main

import (
	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type word struct {
	seen  int
	forms [2000]byte
}

const common = 1200 // after so many words, every second one is new

var (
	vocabulary []*word
	read       int
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(8000) {
			next(l).seen++
		}
	})
}

func next(l *rounds.Load) *word {
	read++
	if l.Intn(common+read) < common {
		vocabulary = append(vocabulary, &word{}) // alloclens: honest vocabulary
		return vocabulary[len(vocabulary)-1]
	}
	return vocabulary[l.Intn(len(vocabulary))]
}
