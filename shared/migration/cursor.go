package migration

import "slices"

// is reports whether the token is the keyword.
func (t token) is(keyword string) bool { return t.kind == word && t.text == keyword }

// cursor reads a command's tokens one after the other.
type cursor struct {
	tokens []token
	at     int
}

// take moves past the keywords if they come next, all of them.
func (c *cursor) take(keywords ...string) bool {
	if c.at+len(keywords) > len(c.tokens) {
		return false
	}
	for i, keyword := range keywords {
		if !c.tokens[c.at+i].is(keyword) {
			return false
		}
	}
	c.at += len(keywords)
	return true
}

// name moves past a name, qualified or not, and returns it as PostgreSQL folds it; empty when none
// comes next.
func (c *cursor) name() string {
	name := ""
	for c.at < len(c.tokens) {
		t := c.tokens[c.at]
		if t.kind != word && t.kind != quoted {
			break
		}
		name += t.text
		c.at++
		if c.at >= len(c.tokens) || c.tokens[c.at].text != "." || c.tokens[c.at].kind != symbol {
			break
		}
		name += "."
		c.at++
	}
	return name
}

// has reports whether the keywords come anywhere, next to each other, from here on.
func (c *cursor) has(keywords ...string) bool {
	for i := c.at; i+len(keywords) <= len(c.tokens); i++ {
		rest := cursor{tokens: c.tokens, at: i}
		if rest.take(keywords...) {
			return true
		}
	}
	return false
}

// hasAny reports whether one of the keywords comes anywhere from here on.
func (c *cursor) hasAny(keywords ...string) bool {
	return slices.ContainsFunc(keywords, func(keyword string) bool { return c.has(keyword) })
}

// byComma cuts what is left at commas outside parentheses, and returns the indexes at which the
// pieces begin and end.
func (c *cursor) byComma() [][2]int {
	var pieces [][2]int
	start, depth := c.at, 0
	for i := c.at; i < len(c.tokens); i++ {
		if c.tokens[i].kind != symbol {
			continue
		}
		switch c.tokens[i].text {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		case ",":
			if depth == 0 {
				pieces = append(pieces, [2]int{start, i})
				start = i + 1
			}
		}
	}
	return append(pieces, [2]int{start, len(c.tokens)})
}
