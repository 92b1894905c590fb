package world_test

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// mostIdle is how much memory an idle world may take, in MiB, PostgreSQL and the service's
// processes not counted.
const mostIdle = 100

// BenchmarkIdleWorld reports the memory of this process while two environments are open, each
// serving a release to nobody.
func BenchmarkIdleWorld(b *testing.B) {
	options, _ := options(b, []string{"staging", "production"}, "1.0.0")
	_ = open(b, options, "1.0.0")
	var resident, heap float64
	for b.Loop() {
		debug.FreeOSMemory()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		resident, heap = max(resident, memory(b)), max(heap, float64(stats.HeapInuse)/(1<<20))
	}
	b.ReportMetric(resident, "MiB-resident")
	b.ReportMetric(heap, "MiB-heap")
	b.ReportMetric(0, "ns/op")
	if resident > mostIdle {
		b.Errorf("an idle world takes %.0f MiB, want %d at most", resident, mostIdle)
	}
}

// memory is what this process has resident, in MiB.
func memory(b *testing.B) float64 {
	b.Helper()
	file, err := os.Open("/proc/self/status")
	if err != nil {
		b.Skipf("memory is read from /proc: %v", err)
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		if fields[0] == "VmRSS:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	b.Fatal("/proc/self/status has no VmRSS")
	return 0
}
