package bus

import "encoding/json"

// maxNumber is the greatest magnitude that numeric matching takes (EventBridge User Guide,
// "Numeric matching": from -5.0e9 to +5.0e9).
const maxNumber = 5e9

// parseNumeric reads ["=", n], ["<", n] and the like, or a range such as [">", m, "<=", n],
// whose lower bound comes first.
func parseNumeric(here place, argument any) (matcher, error) {
	list, isArray := argument.([]any)
	if !isArray || (len(list) != 2 && len(list) != 4) {
		return nil, here.fail(`must be an array such as ["=", 5] or [">", 0, "<=", 5]`)
	}
	first, low, err := parseBound(here, list[0], list[1])
	if err != nil {
		return nil, err
	}
	if len(list) == 2 {
		return onNumber(first), nil
	}
	second, high, err := parseBound(here, list[2], list[3])
	if err != nil {
		return nil, err
	}
	lower := list[0] == ">" || list[0] == ">="
	upper := list[2] == "<" || list[2] == "<="
	if !lower || !upper {
		return nil, here.fail("a range has > or >= first and < or <= second")
	}
	if low >= high {
		return nil, here.fail("the range from %v to %v is empty", low, high)
	}
	return onNumber(func(value float64) bool { return first(value) && second(value) }), nil
}

func parseBound(here place, operator, operand any) (compare func(float64) bool, bound float64, err error) {
	bound, inRange := number(operand)
	if !inRange {
		return nil, 0, here.fail("%s must be a number from -5e9 to 5e9", describe(operand))
	}
	switch operator {
	case "=":
		return func(value float64) bool { return value == bound }, bound, nil
	case "<":
		return func(value float64) bool { return value < bound }, bound, nil
	case "<=":
		return func(value float64) bool { return value <= bound }, bound, nil
	case ">":
		return func(value float64) bool { return value > bound }, bound, nil
	case ">=":
		return func(value float64) bool { return value >= bound }, bound, nil
	default:
		return nil, 0, here.fail("%s is none of =, <, <=, > and >=", describe(operator))
	}
}

// number is a JSON number within the range of numeric matching.
func number(value any) (result float64, inRange bool) {
	literal, isNumber := value.(json.Number)
	if !isNumber {
		return 0, false
	}
	result, err := literal.Float64()
	return result, err == nil && result >= -maxNumber && result <= maxNumber
}
