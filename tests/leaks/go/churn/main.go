// Churn allocates much and keeps nothing.
package main

import (
	"fmt"
	"strings"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

type node struct {
	left, right *node
	text        string
}

func main() {
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(40) {
			tree := grow(10)
			if len(words(l)) == 0 || tree == nil {
				panic("nothing")
			}
		}
	})
}

func grow(depth int) *node {
	if depth == 0 {
		return nil
	}
	return &node{grow(depth - 1), grow(depth - 1), fmt.Sprint(depth)} // alloclens: honest churn
}

func words(l *rounds.Load) []string {
	return strings.Fields(strings.Repeat("a word ", l.Size(5000))) // alloclens: honest churn
}
