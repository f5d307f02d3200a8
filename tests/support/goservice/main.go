// Goservice fills every profile that Go keeps, then stands still and serves them.
//
// The comments that start with "goservice:" say which line is which; the tests of alloclens read them.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

const (
	kept    = 100
	size    = 4096
	waiters = 5
	rounds  = 20
	pause   = time.Millisecond
)

var (
	held  [][]byte
	lists []any
	never = make(chan int)
	sum   int
)

func main() {
	rate := flag.Int("rate", 1, "bytes for which one object is sampled")
	flag.Parse()
	runtime.MemProfileRate = *rate
	keep()
	lists = append(lists, list[int](), list[string]())
	labelled()
	contended()
	standStill()
	http.HandleFunc("/burn", burn)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("goservice: listening on http://%s\n", listener.Addr())
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	os.Stdin.Read(make([]byte, 1)) // until its parent is gone
}

func make4k() []byte {
	return make([]byte, size) // goservice: inlined
}

func keep() {
	for i := 0; i < kept; i++ {
		held = append(held, make4k()) // goservice: keep
	}
}

// list is generic: protobuf and text name it differently.
//
//go:noinline
func list[T any]() []T {
	return make([]T, size)
}

func receive() int {
	return <-never // goservice: receive
}

//go:noinline
func wait() int {
	return receive() + 1 // goservice: wait
}

// labelled starts goroutines that wait forever, with labels that need quoting.
func labelled() {
	labels := pprof.Labels("role", "waiter", "odd key", "a \"b\" ] {c: d}\té\x01")
	pprof.Do(context.Background(), labels, func(context.Context) {
		for i := 0; i < waiters; i++ {
			go wait() // goservice: go
		}
	})
}

// contended lets goroutines wait for a channel and for a mutex, which is written down for all of them.
func contended() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	var all sync.WaitGroup
	for i := 0; i < rounds; i++ {
		done := make(chan int)
		all.Add(1)
		go func() {
			defer all.Done()
			<-done // goservice: blocked
		}()
		waiting("main.contended.func1")
		done <- 1
		shared(&all)
	}
	all.Wait()
}

func shared(all *sync.WaitGroup) {
	var mutex sync.Mutex
	mutex.Lock()
	all.Add(1)
	go func() {
		defer all.Done()
		mutex.Lock() // goservice: locked
		mutex.Unlock()
	}()
	waiting("main.shared.func1")
	mutex.Unlock() // goservice: unlock
}

// waiting returns when the goroutine of this function has waited for a pause: on a busy machine it begins late.
func waiting(function string) {
	for text := make([]byte, 1<<20); ; {
		time.Sleep(pause)
		for _, one := range strings.Split(string(text[:runtime.Stack(text, true)]), "\n\n") {
			if strings.Contains(one, function) && !strings.Contains(one, "[runn") { // running or runnable
				time.Sleep(pause)
				return
			}
		}
	}
}

// standStill lets no profile change any more but that of the goroutines: the heap's is of the last collection.
func standStill() {
	runtime.SetBlockProfileRate(0)
	debug.SetGCPercent(-1)
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
}

// burn keeps a processor busy for some seconds.
func burn(_ http.ResponseWriter, request *http.Request) {
	seconds, _ := time.ParseDuration(request.FormValue("seconds") + "s")
	for end := time.Now().Add(seconds); time.Now().Before(end); {
		sum += add(sum) // goservice: burn
	}
}

//go:noinline
func add(start int) int {
	for i := 0; i < 1_000_000; i++ {
		start = start*31 + i
	}
	return start
}
