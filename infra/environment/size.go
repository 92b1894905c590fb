package environment

import (
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
)

// size is what one task gets, as Fargate counts: units of 1/1024 core, and MiB.
type size struct{ cpu, memory string }

// CheckCapacity refuses a capacity that no size of Fargate has.
func CheckCapacity(wanted deploy.Capacity) error {
	_, err := fargate(wanted)
	return err
}

// fargate is the smallest size of Fargate with at least the wanted capacity (ECS Developer
// Guide, "Task CPU and memory").
func fargate(wanted deploy.Capacity) (size, error) {
	units := (wanted.CPU*1024 + 999) / 1000
	for _, s := range [][4]int{
		{256, 512, 2048, 512},
		{512, 1024, 4096, 1024},
		{1024, 2048, 8192, 1024},
		{2048, 4096, 16384, 1024},
		{4096, 8192, 30720, 1024},
		{8192, 16384, 61440, 4096},
		{16384, 32768, 122880, 8192},
	} {
		cpu, least, most, step := s[0], s[1], s[2], s[3]
		if cpu < units || most < wanted.Memory {
			continue
		}
		memory := least
		for memory < wanted.Memory {
			memory += step
		}
		return size{cpu: fmt.Sprint(cpu), memory: fmt.Sprint(memory)}, nil
	}
	return size{}, fmt.Errorf("%d thousandths of a core with %d MiB are more than one task of Fargate can have; its largest is 16000 with 122880", wanted.CPU, wanted.Memory)
}
