// gopprof times google/pprof's own parser, and the per-line table on top of it, inside one process:
//
//	gopprof parse|table CALLS FILE
//
// It prints seconds as JSON: of the first call, and the median of up to CALLS later ones.
package main

import (
	"encoding/json"
	"log"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/google/pprof/profile"
)

// After so long no further call is begun; child.py has the same number.
const enough = 4 * time.Second

type said struct {
	First   float64 `json:"first"`
	Seconds float64 `json:"seconds"`
	Calls   int     `json:"calls"`
	Rows    int     `json:"rows"`
	Flat    int64   `json:"flat"`
	Cum     int64   `json:"cum"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: gopprof parse|table CALLS FILE")
	}
	calls, err := strconv.Atoi(os.Args[2])
	check(err)
	data, err := os.ReadFile(os.Args[3])
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(measure(data, calls, os.Args[1] == "table")))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func measure(data []byte, calls int, withTable bool) said {
	first, _ := timed(data, withTable)
	var out said
	var warm []time.Duration
	for total := time.Duration(0); len(warm) == 0 || len(warm) < calls && total < enough; {
		took, rows := timed(data, withTable)
		warm, total = append(warm, took), total+took
		out = sums(rows)
	}
	out.First, out.Seconds, out.Calls = first.Seconds(), median(warm).Seconds(), len(warm)
	return out
}

func timed(data []byte, withTable bool) (time.Duration, []row) {
	runtime.GC()
	start := time.Now()
	p, err := profile.ParseData(data)
	check(err)
	var rows []row
	if withTable {
		rows = table(p)
	}
	took := time.Since(start)
	runtime.KeepAlive(p)
	return took, rows
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

func sums(rows []row) said {
	out := said{Rows: len(rows)}
	for _, r := range rows {
		out.Flat += r.flat
		out.Cum += r.cum
	}
	return out
}
