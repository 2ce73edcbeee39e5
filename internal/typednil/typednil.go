// Package typednil finds interfaces that are nil or hold a nil pointer or function.
package typednil

import "reflect"

// Is reports whether v is nil, or a nil pointer or function.
func Is(v any) bool {
	if v == nil {
		return true
	}
	value := reflect.ValueOf(v)
	return (value.Kind() == reflect.Pointer || value.Kind() == reflect.Func) && value.IsNil()
}
