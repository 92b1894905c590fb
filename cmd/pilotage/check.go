package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pilotage/pilotage/shared/config"
)

// check reads a pilotage.yaml and says whether it is right.
func check() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a pilotage.yaml and say what is wrong where",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := config.Load(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is right: service %s with %d environments\n", args[0], file.Service, len(file.Environments))
			return nil
		},
	}
}
