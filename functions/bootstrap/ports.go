package main

// port is one thing that a handler needs of the world.
type port string

const (
	portLedger    port = "ledger"
	portSettings  port = "settings"
	portCatalog   port = "catalog"
	portBalancer  port = "balancer"
	portFleet     port = "fleet"
	portBackups   port = "backups"
	portSchema    port = "schema"
	portCaller    port = "caller"
	portSignals   port = "signals"
	portSender    port = "sender"
	portArchive   port = "archive"
	portBus       port = "bus"
	portSecrets   port = "secrets"
	portTokens    port = "tokens"
	portDeploy    port = "deploy machine"
	portRollback  port = "rollback machine"
	portApproval  port = "approval"
	portPipelines port = "pipelines"
	portGitHub    port = "github"
)

// needs are the ports of each function, in an order in which each can be made from those before
// it. A handler whose port is not listed would meet nil: ports_test.go compares the list with
// what the table of package functions gives to each handler.
func needs() map[string][]port {
	return map[string][]port{
		"Validate":     {portLedger, portSettings, portCatalog},
		"Plan":         {portLedger, portSettings, portCatalog, portBalancer, portFleet, portSchema, portTokens},
		"PlanRollback": {portLedger, portSettings, portBalancer, portFleet, portSchema, portBackups, portTokens},
		"Announce":     {portLedger, portSender},
		"Ask":          {portLedger, portSender, portCatalog, portApproval},
		"Approve":      {portLedger, portTokens},
		"Enqueue":      {portLedger, portTokens},
		"Lock":         {portLedger},

		"Maintenance": {portLedger, portSettings, portBalancer},
		"Backup":      {portLedger, portSettings, portBackups},
		"Migrate":     {portLedger, portSettings, portCatalog, portSchema},
		"Release":     {portLedger, portSettings, portCatalog, portBalancer, portFleet},
		"SmokeTest":   {portLedger, portSettings, portCaller},
		"Shift":       {portLedger, portSettings, portBalancer},
		"Prove":       {portLedger, portSettings, portBalancer, portCaller},
		"Observe":     {portLedger, portSettings, portSignals},
		"Verify":      {portLedger, portSettings, portBalancer, portCaller, portSchema},
		"Promote":     {portLedger},
		"Retire":      {portLedger, portSettings, portBalancer, portFleet},
		"Restore":     {portLedger, portSettings, portBackups},
		"Hold":        {portLedger},

		"Record": {portLedger, portSettings, portSender, portArchive},
		"Unlock": {portLedger},
		"Page":   {portLedger, portSettings, portSender},

		"Webhook":     {portBus, portSecrets},
		"Intake":      {portLedger, portSettings, portDeploy, portPipelines},
		"PipelineJob": {portLedger, portSettings, portDeploy, portPipelines},
		"Report":      {portLedger, portSettings, portGitHub},
		"Watchdog":    {portLedger, portSettings, portSender, portRollback, portTokens},
		"Command":     {portLedger, portSettings, portSender, portArchive, portTokens, portDeploy, portRollback},
		"Decide":      {portLedger, portSender, portTokens},
	}
}
