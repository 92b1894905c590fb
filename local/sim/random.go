package sim

import "fmt"

func (w *World) newID() string { return fmt.Sprintf("%04d", w.ids.Add(1)) }

// random is a number in [0,1), the next of a sequence that the seed determines.
func (w *World) random() float64 { return unit(w.options.Seed + w.ids.Add(1)) }

// unit hashes n to [0,1): the finaliser of splitmix64.
func unit(n uint64) float64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return float64((n^n>>31)>>11) / (1 << 53)
}
