package ecs

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// shape is a size of CPU that Fargate has, in units of 1/1024 core, with its memory in MiB
// (ECS Developer Guide, "Task CPU and memory").
type shape struct {
	cpu, least, most, step int
}

func shapes() []shape {
	return []shape{
		{256, 512, 2048, 512},
		{512, 1024, 4096, 1024},
		{1024, 2048, 8192, 1024},
		{2048, 4096, 16384, 1024},
		{4096, 8192, 30720, 1024},
		{8192, 16384, 61440, 4096},
		{16384, 32768, 122880, 8192},
	}
}

// size is the smallest that Fargate has with at least the wanted CPU and memory, as the API
// wants them. No wish leaves the template's size. More than the largest is fault.Invalid.
func size(wanted deploy.Capacity, template *types.TaskDefinition) (cpu, memory *string, err error) {
	if wanted.CPU == 0 && wanted.Memory == 0 {
		return template.Cpu, template.Memory, nil
	}
	units := (wanted.CPU*1024 + 999) / 1000
	for _, s := range shapes() {
		if s.cpu < units || s.most < wanted.Memory {
			continue
		}
		mib := s.least
		for mib < wanted.Memory {
			mib += s.step
		}
		return aws.String(strconv.Itoa(s.cpu)), aws.String(strconv.Itoa(mib)), nil
	}
	return nil, nil, fault.New(fault.Invalid, "find a Fargate size for %d thousandths of a core and %d MiB: the largest is 16000 with 122880; look at capacity in pilotage.yaml", wanted.CPU, wanted.Memory)
}
