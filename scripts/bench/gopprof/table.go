package main

import (
	"cmp"
	"slices"

	"github.com/google/pprof/profile"
)

type site struct {
	function, file string
	line           int64
}

type row struct {
	site
	flat, cum int64
	last      int // number of the sample that was counted last, from 1: recursion counts once
}

// table does what `pprof -top -lines` does, without pprof's graph: flat and cum of each line for the default type. The
// lines of a location are looked up once, not for each sample.
func table(p *profile.Profile) []row {
	check(p.Aggregate(true, true, true, true, false, false))
	at := column(p)
	rows, byLocation := sites(p)
	for i, sample := range p.Sample {
		value := sample.Value[at]
		for depth, location := range sample.Location {
			for inlined, number := range byLocation[location.ID] {
				r := &rows[number]
				if depth == 0 && inlined == 0 {
					r.flat += value
				}
				if r.last != i+1 {
					r.last = i + 1
					r.cum += value
				}
			}
		}
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.flat == 0 && r.cum == 0 })
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(b.flat, a.flat), cmp.Compare(b.cum, a.cum)) })
	return rows
}

// sites numbers the lines: a row for each, and the rows of each location, innermost first. It makes a location's ID its
// place among them: a slice is faster than a map.
func sites(p *profile.Profile) ([]row, [][]int32) {
	numbers := map[site]int32{}
	byLocation := make([][]int32, len(p.Location))
	var rows []row
	for place, location := range p.Location {
		of := make([]int32, len(location.Line))
		for i, line := range location.Line {
			s := site{line.Function.Name, line.Function.Filename, line.Line}
			number, known := numbers[s]
			if !known {
				number = int32(len(rows))
				numbers[s] = number
				rows = append(rows, row{site: s})
			}
			of[i] = number
		}
		location.ID, byLocation[place] = uint64(place), of
	}
	return rows, byLocation
}

func column(p *profile.Profile) int {
	at, err := p.SampleIndexByName("")
	check(err)
	return at
}
