// A small shop under load. One line of it leaks: which?
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"time"
)

func main() {
	shop := NewShop()
	go customers(shop)
	// `alloclens capture http://localhost:6060 --into profiles --every 20s` took the profiles of this sample.
	log.Fatal(http.ListenAndServe("localhost:6060", nil))
}

// Eight customers a second, for as long as the shop is open.
func customers(shop *Shop) {
	for id := 0; ; id++ {
		shop.Buy(id, id%500)
		time.Sleep(time.Second / 8)
	}
}
