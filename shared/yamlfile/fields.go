package yamlfile

import (
	"reflect"
	"strings"
)

// fields are the fields of a struct by the names that its json tags give.
type fields struct {
	names []string
	index map[string][]int
}

// fieldsOf lists the fields of a struct as encoding/json does: embedded structs without a name
// of their own lend theirs.
func fieldsOf(structure reflect.Type) fields {
	found := fields{index: map[string][]int{}}
	for _, f := range reflect.VisibleFields(structure) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		lends := f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct
		if !f.IsExported() || name == "-" || lends {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if _, taken := found.index[name]; taken {
			continue
		}
		found.names = append(found.names, name)
		found.index[name] = f.Index
	}
	return found
}
