package environment

import (
	"fmt"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/deploy"
)

// title is a slot's name with a capital, for ids: "Blue".
func title(slot deploy.Slot) string { return strings.ToUpper(string(slot[:1])) + string(slot[1:]) }

// text is a value as attributes of the load balancer are written.
func text(value any) string { return fmt.Sprint(value) }

// list is what the CDK takes where a list may hold texts or references.
func list(values ...string) *[]any {
	var items []any
	for _, value := range values {
		items = append(items, jsii.String(value))
	}
	return &items
}
