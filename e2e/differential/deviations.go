package differential

// Deviation is one way in which the emulation is known not to be AWS.
type Deviation struct {
	// Reason says what it does, what AWS does, and how that is known.
	Reason string
	// Explains reports whether it is the cause of a difference.
	Explains func(Difference) bool
}

// Explain is the reason of a known deviation that explains the difference.
func Explain(d Difference) (string, bool) {
	for _, deviation := range Deviations() {
		if deviation.Explains(d) {
			return deviation.Reason, true
		}
	}
	return "", false
}

// Deviations are those that are known.
func Deviations() []Deviation { return nil }
