// Program gokinds does something that each kind of profile shows, and writes the profiles that its input names.
//
// Each line of its input is the name of a profile and a path: "heap /tmp/1.pb.gz". It works a little, writes the profile,
// renames it into place, and prints the path.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

const busy = 500 * time.Millisecond

var (
	lock  sync.Mutex
	ready = make(chan bool)
	count int
)

func main() {
	runtime.MemProfileRate = 1
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		name, path, _ := strings.Cut(input.Text(), " ")
		work()
		if err := write(name, path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(path)
	}
}

func work() {
	for range 25 {
		go park(make(chan []byte))
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		ready <- true
	}()
	listen()
	var both sync.WaitGroup
	for range 2 {
		both.Add(1)
		go contend(&both)
	}
	both.Wait()
	runtime.GC()
}

// park leaks its goroutine and what it sends: nobody else knows the channel.
func park(unknown chan []byte) {
	unknown <- make([]byte, 64<<10) // kinds: park
}

func listen() {
	<-ready // kinds: block
}

func contend(both *sync.WaitGroup) {
	defer both.Done()
	lock.Lock()
	time.Sleep(10 * time.Millisecond)
	lock.Unlock() // kinds: mutex
}

func spin(until time.Time) {
	for time.Now().Before(until) {
		for range 1_000_000 {
			count++
		}
	}
}

func write(name, path string) error {
	file, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	if name == "cpu" {
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		spin(time.Now().Add(busy)) // kinds: cpu
		pprof.StopCPUProfile()
	} else if err := pprof.Lookup(name).WriteTo(file, 0); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
