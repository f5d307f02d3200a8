// Package rounds runs a program's work in rounds and takes snapshots of its heap and goroutines evenly between them.
package rounds

import (
	"flag"
	"log"
	"math"
	"math/rand"
)

// Total is the work of every run; the number of snapshots does not change it.
const Total = 60

// A Load is what one round of a program is asked to do. Its numbers depend on the seed alone.
type Load struct {
	*rand.Rand
	Round int     // from 0
	scale float64 // of this run against others
	tide  float64 // logarithm of this round's load against the run's mean
}

// Run reads the flags, calls work once a round, and writes the snapshots.
func Run(work func(*Load)) {
	directory := flag.String("dir", ".", "where the snapshots are written")
	snapshots := flag.Int("snapshots", 10, "how many, spread evenly")
	seed := flag.Int64("seed", 1, "of the load")
	flag.Parse()
	if *snapshots < 1 || *snapshots > Total {
		log.Fatalf("1 to %d snapshots", Total)
	}
	run(work, newLoad(*seed), *directory, *snapshots)
}

func newLoad(seed int64) *Load {
	l := &Load{Rand: rand.New(rand.NewSource(seed))}
	l.scale = math.Exp(0.3 * l.NormFloat64())
	return l
}

func run(work func(*Load), load *Load, directory string, snapshots int) {
	taken := 0
	for load.Round = 0; load.Round < Total; load.Round++ {
		load.turn()
		work(load)
		if (load.Round+1)*snapshots/Total > taken {
			taken++
			if err := write(directory, taken); err != nil {
				log.Fatal(err)
			}
		}
	}
}

// turn lets the load drift: rounds beside each other are alike, rounds far apart are not.
func (l *Load) turn() {
	l.tide = 0.8*l.tide + 0.25*l.NormFloat64()
}

// Requests returns how many requests come in this round, where the mean over many runs is about this.
func (l *Load) Requests(mean int) int {
	expected := float64(mean) * l.scale * math.Exp(l.tide)
	return max(0, int(math.Round(expected+math.Sqrt(expected)*l.NormFloat64())))
}

// Size returns a size in bytes between half of this and one and a half.
func (l *Load) Size(mean int) int {
	return mean/2 + l.Intn(mean)
}
