// Response uploads batches of lines and never closes the answers' bodies, nor reads them to their end when they fail.
package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
)

// alloclens: foreign net/http.(*Transport).dialConn
// alloclens: foreign net/http.(*Transport).dialConnFor
// alloclens: foreign net/http.(*Transport).startDialConnForLocked.func1
// alloclens: foreign net/http.(*persistConn).readLoop
// alloclens: foreign net/http.(*persistConn).writeLoop
// alloclens: beside net/http.(*Server).Serve
// alloclens: beside net/http.(*conn).serve

var (
	answer  = bytes.Repeat([]byte("ok "), 8<<10)
	newline = []byte("\n")
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(accept))
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for i := range l.Requests(60) {
			if i%8 == 0 {
				upload(server.URL, batch(l))
			} else {
				ping(server.URL, batch(l))
			}
		}
	})
}

func accept(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Write(answer)
}

func batch(l *rounds.Load) [][]byte {
	lines := make([][]byte, l.Size(800))
	for i := range lines {
		lines[i] = answer[:l.Intn(200)]
	}
	return lines
}

func upload(url string, lines [][]byte) {
	response, err := http.Post(url, "text/plain", bytes.NewReader(bytes.Join(lines, newline))) // alloclens: leak response
	if err != nil || response.StatusCode != http.StatusOK {
		log.Fatal("not uploaded: ", err)
	}
}

func ping(url string, lines [][]byte) {
	response, err := http.Post(url, "text/plain", bytes.NewReader(bytes.Join(lines, newline))) // alloclens: honest response
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
}
