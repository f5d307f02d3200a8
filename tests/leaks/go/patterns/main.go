// Patterns caches the compiled form of what users search for.
package main

import (
	"regexp"
	"strconv"
	"strings"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

var (
	compiled = map[string]*regexp.Regexp{}
	text     = strings.Repeat("green tea, black tea, coffee; ", 5)
)

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(180) {
			if l.Intn(2) == 0 {
				search("tea")
			} else {
				search("tea " + strconv.FormatInt(l.Int63(), 36))
			}
		}
	})
}

func search(words string) bool {
	pattern, ok := compiled[words]
	if !ok {
		pattern = regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(words) + `\w*\b`) // alloclens: leak patterns
		compiled[words] = pattern                                                  // alloclens: also patterns
	}
	return pattern.MatchString(text) // alloclens: honest match
}
