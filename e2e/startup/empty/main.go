// Command empty is the least that a Lambda function in Go can be: what the start of the functions'
// binary is measured against.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(func() {}) }
