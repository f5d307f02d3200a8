// Package rounds runs a program's work in rounds and takes a snapshot of its heap and goroutines after each.
//
// The work of a round takes milliseconds and stands for that of twenty minutes: the snapshots do not get the time of the real
// clock, but of one that advances so much a round.
package rounds

import (
	"flag"
	"log"
	"math/rand"
	"time"
)

const (
	round   = 20 * time.Minute
	stagger = 7 * time.Minute // between the snapshots of two replicas
)

// A process is the part of a run that one process does: several of them follow each other, or run side by side.
type process struct {
	start   time.Time // of the run
	number  int       // within the run
	replica int
	first   int // round
	rounds  int
	texts   bool // whether goroutine profiles are texts
}

// Run reads the flags, calls work once a round, and writes the snapshots.
func Run(work func(*Load)) {
	directory := flag.String("dir", ".", "where the snapshots are written")
	start := flag.Int64("start", time.Now().Unix(), "of the run, in seconds since 1970")
	seed := flag.Int64("seed", 1, "of the load")
	traffic := flag.String("load", "drift", "drift, bursts or daynight")
	var p process
	flag.IntVar(&p.number, "process", 0, "number of this process in its run")
	flag.IntVar(&p.replica, "replica", 0, "number of this process among those that run side by side")
	flag.IntVar(&p.first, "first", 0, "round of the run in which this process starts")
	flag.IntVar(&p.rounds, "rounds", 60, "how many this process does")
	flag.Parse()
	tide, ok := tides[*traffic]
	if !ok {
		log.Fatalf("no load is named %q", *traffic)
	}
	random := rand.New(rand.NewSource(*seed<<8 + int64(p.number)))
	p.texts = *seed%2 == 1
	p.start = time.Unix(*start, 0)
	run(work, newLoad(random, tide(rand.New(rand.NewSource(*seed)))), *directory, p)
}

func run(work func(*Load), load *Load, directory string, p process) {
	for load.Round = 0; load.Round < p.rounds; load.Round++ {
		number := p.first + load.Round + 1
		load.level = load.tide(number)
		work(load)
		at := p.start.Add(time.Duration(number)*round + time.Duration(p.replica)*stagger)
		if err := write(directory, snapshot{number, p.replica, at, p.texts}); err != nil {
			log.Fatal(err)
		}
	}
}
