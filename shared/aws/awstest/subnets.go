package awstest

import (
	"encoding/xml"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Subnets are two subnets of the emulator's default VPC. It is asked by hand: the EC2 client
// would be a dependency of nothing but this.
func Subnets(t *testing.T, cfg aws.Config) (subnets []string, vpc string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, os.Getenv("AWS_ENDPOINT_URL"), strings.NewReader("Action=DescribeSubnets&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// The emulator finds the service in here and checks no signature.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+cfg.Region+"/ec2/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Subnets []struct {
			ID  string `xml:"subnetId"`
			VPC string `xml:"vpcId"`
		} `xml:"subnetSet>item"`
	}
	if err := xml.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Subnets) < 2 {
		t.Fatalf("describe subnets: got %d and error %v, want two at least", len(answer.Subnets), err)
	}
	return []string{answer.Subnets[0].ID, answer.Subnets[1].ID}, answer.Subnets[0].VPC
}
