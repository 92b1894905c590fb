package yamlfile

import (
	"fmt"
	"strings"
)

// Nearest is the one among some names that was probably meant by word: the same but for case,
// one that begins like it, or one a few letters away. It is empty when none is near.
func Nearest(word string, among []string) string {
	lower := strings.ToLower(word)
	best, least := "", len([]rune(word))/3+2
	for _, name := range among {
		other := strings.ToLower(name)
		distance := editDistance(lower, other)
		if len(lower) >= 3 && strings.HasPrefix(other, lower) || len(other) >= 3 && strings.HasPrefix(lower, other) {
			distance = min(distance, 1)
		}
		if distance < least {
			best, least = name, distance
		}
	}
	return best
}

// advice is what follows the message about an unknown name.
func advice(word string, among []string) string {
	if near := Nearest(word, among); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(among) == 0 {
		return "there are no fields here"
	}
	return "the fields here are " + strings.Join(among, ", ")
}

// editDistance is Levenshtein's: how many letters to insert, delete or replace. Words longer
// than any field are not measured.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 64 || len(to) > 64 {
		return len(from) + len(to)
	}
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, letter := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, other := range to {
			cost := 1
			if letter == other {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(to)]
}
