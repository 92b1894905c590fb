package router

import (
	"net/url"
	"testing"
)

func TestALeavingTargetTakesNoRequest(t *testing.T) {
	r := New(Config{})
	leaving := r.newTarget(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	if !leaving.acquire() {
		t.Fatal("a registered target refused a request")
	}
	leaving.leaving.Store(true)
	if leaving.acquire() {
		t.Error("a request that chose the target before it left was let in after")
	}
	if leaving.gone.Err() != nil {
		t.Error("the target is gone with a request in flight")
	}
	leaving.release()
	if leaving.gone.Err() == nil || leaving.inflight.Load() != 0 {
		t.Errorf("the target is not gone; %d in flight", leaving.inflight.Load())
	}
}
