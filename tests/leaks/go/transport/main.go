// Transport makes a client with a transport of its own for each call, so every connection stays idle for ever.
package main

import (
	"io"
	"log"
	"net/http"
	"strings"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

// alloclens: foreign net/http.(*Transport).dialConnFor
// alloclens: foreign net/http.(*Transport).startDialConnForLocked.func1
// alloclens: foreign net/http.(*Transport).dialConn
// alloclens: foreign net/http.(*persistConn).readLoop
// alloclens: foreign net/http.(*persistConn).writeLoop
// alloclens: beside net/http.(*Server).Serve
// alloclens: beside net/http.(*conn).serve

func main() {
	service, network := background.New(), make(pipes)
	go http.Serve(network, http.HandlerFunc(prices)) // alloclens: also transport, the peer
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(9) {
			get(network)
		}
	})
}

func prices(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, strings.Repeat("tea ", 500))
}

func get(network pipes) {
	transport := &http.Transport{DialContext: network.dial} // alloclens: leak transport
	client := http.Client{Transport: transport}
	answer, err := client.Get("http://shop/prices") // alloclens: leak transport
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
}
