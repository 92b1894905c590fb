// Package architecture holds no code: its tests keep the rules that no compiler does, which
// packages may know of each other and what no file may contain.
package architecture
