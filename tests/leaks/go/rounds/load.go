package rounds

import (
	"math"
	"math/rand"
)

// A Load is what one round of a program is asked to do. Its numbers depend on the seed alone.
type Load struct {
	*rand.Rand
	Round int     // from 0, since the process started
	scale float64 // of this process against others
	level float64 // of this round
	tide  tide
}

// A tide returns the load of a round of the run; the mean over many rounds is about 1.
type tide func(round int) float64

// tides are the kinds of load. All processes of a run have the same tide.
var tides = map[string]func(*rand.Rand) tide{
	"drift":    drift,
	"bursts":   bursts,
	"daynight": daynight,
}

func newLoad(random *rand.Rand, tide tide) *Load {
	return &Load{Rand: random, scale: math.Exp(0.3 * random.NormFloat64()), tide: tide}
}

// drift changes slowly: rounds beside each other are alike, rounds far apart are not.
func drift(random *rand.Rand) tide {
	level, at := 0.0, 0
	return func(round int) float64 {
		for ; at < round; at++ {
			level = 0.8*level + 0.25*random.NormFloat64()
		}
		return math.Exp(level)
	}
}

// bursts is quiet mostly. One round in twelve begins a burst, which lasts for up to three.
func bursts(random *rand.Rand) tide {
	level, left, at := 0.0, 0, 0
	return func(round int) float64 {
		for ; at < round; at++ {
			if left--; left >= 0 {
				continue
			}
			level = 0.4 + 0.3*random.Float64()
			if random.Intn(12) == 0 {
				level, left = 3+3*random.Float64(), random.Intn(3)
			}
		}
		return level
	}
}

// daynight has a tenth of the day's peak at night. A run starts at any hour.
func daynight(random *rand.Rand) tide {
	phase := 24 * random.Float64()
	return func(round int) float64 {
		hour := 2 * math.Pi * (float64(round) + phase) / 24
		return (1 + 0.85*math.Sin(hour)) * math.Exp(0.1*random.NormFloat64())
	}
}

// Requests returns how many requests come in this round, where the mean over many runs is about this.
func (l *Load) Requests(mean int) int {
	expected := float64(mean) * l.scale * l.level
	return max(0, int(math.Round(expected+math.Sqrt(expected)*l.NormFloat64())))
}

// Size returns a size in bytes between half of this and one and a half.
func (l *Load) Size(mean int) int {
	return mean/2 + l.Intn(mean)
}
