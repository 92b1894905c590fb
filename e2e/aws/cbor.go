package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// metricsPath is where the SDK sends CloudWatch's operations, in CBOR (Smithy, "RPC v2 CBOR
// protocol"). The emulation knows CloudWatch by the older AWS Query protocol only.
const metricsPath = "/service/GraniteServiceVersion20100801/operation/"

// translate asks the emulation by AWS Query what came in CBOR, and answers in CBOR.
func (w *world) translate(rw http.ResponseWriter, r *http.Request) {
	action := strings.TrimPrefix(r.URL.Path, metricsPath)
	answer, err := w.metrics(r, action)
	rw.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	rw.Header().Set("Content-Type", "application/cbor")
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		answer = cbor.Map{"__type": cbor.String("InvalidParameterValue"), "message": cbor.String(err.Error())}
	}
	_, _ = rw.Write(cbor.Encode(answer)) //nolint:gosec // no browser reads it; a caller that hung up
}

func (w *world) metrics(r *http.Request, action string) (cbor.Value, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	input, err := cbor.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("decode the input of %s: %w", action, err)
	}
	form := url.Values{}
	if err := flatten(form, "", input); err != nil {
		return nil, fmt.Errorf("translate the input of %s: %w", action, err)
	}
	text, err := w.emulator().form(r.Context(), "monitoring", action, "2010-08-01", form)
	if err != nil {
		return nil, err
	}
	if action != "GetMetricData" {
		return cbor.Map{}, nil
	}
	return metricData(text)
}

// flatten writes a value as AWS Query does: "Outer.member.1.Inner".
func flatten(form url.Values, name string, value cbor.Value) error {
	switch v := value.(type) {
	case cbor.Map:
		for key, inner := range v {
			if err := flatten(form, strings.TrimPrefix(name+"."+key, "."), inner); err != nil {
				return err
			}
		}
	case cbor.List:
		for i, inner := range v {
			if err := flatten(form, fmt.Sprintf("%s.member.%d", name, i+1), inner); err != nil {
				return err
			}
		}
	case cbor.String:
		form.Set(name, string(v))
	case cbor.Uint:
		form.Set(name, strconv.FormatUint(uint64(v), 10))
	case cbor.Float64:
		form.Set(name, strconv.FormatFloat(float64(v), 'f', -1, 64))
	case cbor.Bool:
		form.Set(name, strconv.FormatBool(bool(v)))
	case *cbor.Tag:
		moment, err := cbor.AsTime(v)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		form.Set(name, moment.UTC().Format(time.RFC3339))
	case *cbor.Nil:
	default:
		return fmt.Errorf("%s is a %T, which nobody has provided for", name, value)
	}
	return nil
}

// metricData is the answer of GetMetricData.
func metricData(text []byte) (cbor.Value, error) {
	var answer struct {
		Results []struct {
			ID         string    `xml:"Id"`
			Label      string    `xml:"Label"`
			StatusCode string    `xml:"StatusCode"`
			Timestamps []string  `xml:"Timestamps>member"`
			Values     []float64 `xml:"Values>member"`
		} `xml:"GetMetricDataResult>MetricDataResults>member"`
	}
	if err := xml.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read the answer of GetMetricData: %w", err)
	}
	results := cbor.List{}
	for _, one := range answer.Results {
		timestamps, values := cbor.List{}, cbor.List{}
		for i, value := range one.Values {
			moment, err := time.Parse(time.RFC3339, one.Timestamps[i])
			if err != nil {
				return nil, fmt.Errorf("read the answer of GetMetricData: %w", err)
			}
			timestamps = append(timestamps, &cbor.Tag{ID: 1, Value: cbor.Float64(moment.Unix())})
			values = append(values, cbor.Float64(value))
		}
		results = append(results, cbor.Map{
			"Id": cbor.String(one.ID), "Label": cbor.String(one.Label), "StatusCode": cbor.String(one.StatusCode), "Timestamps": timestamps, "Values": values,
		})
	}
	return cbor.Map{"MetricDataResults": results}, nil
}
