package report

import "fmt"

// laneList is an execution as a list of steps.
type laneList struct {
	Title, Took string
	Nested      bool
	Steps       []stepItem
}

type stepItem struct{ Name, Note, Visits, Took, Phase string }

func laneLists(t *track) []laneList {
	lists := make([]laneList, len(t.lanes))
	for i, l := range t.lanes {
		lists[i] = laneList{
			Title: l.Title, Nested: l.Nested,
			Took: duration(l.last().End - l.Steps[0].Start),
		}
		for _, step := range l.Steps {
			item := stepItem{Name: oneLine(step.State), Note: step.Note, Phase: phase(step.State)}
			if step.Visits > 1 {
				item.Visits = fmt.Sprintf("×%d", step.Visits)
			}
			if step.End-step.Start >= 0.05 {
				item.Took = duration(step.End - step.Start)
			}
			lists[i].Steps = append(lists[i].Steps, item)
		}
	}
	return lists
}

// phase is what a state is about, as a class of the style sheet.
func phase(state string) string {
	switch state {
	case "Shift", "Prove", "Promote", "RestoreTraffic", "ProveTraffic":
		return "traffic"
	case "Observe", "Verify", "SmokeTest":
		return "judge"
	case "EnterMaintenance", "LeaveMaintenance", "RestoreMaintenance", "Backup", "Migrate", "Release",
		"Retire", "RestoreCapacity", "RestoreDatabase", "RevertSchema", "Abandon":
		return "change"
	case "Rollback", "RolledBack", "Hold", "Refused", "RecordRefusal", "UnlockRefused":
		return "back"
	case "Page", "FailedDirty", "LeaseLost":
		return "dirty"
	case "Succeeded", "Restored":
		return "good"
	default:
		return "prepare"
	}
}
