package slots_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestMain runs the tests, or, called by the name of one, a program for a slot.
func TestMain(m *testing.M) {
	programs := map[string]func(){
		"good": serve, "better": serve, "stubborn": stubborn, "parent": parent, "child": wait,
		"exits": func() {
			fmt.Fprintln(os.Stderr, "starting")
			fmt.Fprintln(os.Stderr, "read the list of shoes: shoes.json: no such file")
			os.Exit(3)
		},
		"silent": func() {},
		"unready": func() {
			fmt.Fprintln(os.Stderr, "waiting for shoes")
			wait()
		},
	}
	if program, isProgram := programs[filepath.Base(os.Args[0])]; isProgram {
		program()
		return
	}
	os.Exit(m.Run())
}

// serve is a small service: it names its process on each answer, holds requests and crashes on
// demand, and can have a child.
func serve() {
	freed := make(chan struct{})
	var held atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/hold", func(w http.ResponseWriter, _ *http.Request) {
		held.Add(1)
		<-freed
		fmt.Fprint(w, "held to the end")
	})
	mux.HandleFunc("/free", func(http.ResponseWriter, *http.Request) { close(freed) })
	mux.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "out of shoes")
		os.Exit(7)
	})
	mux.HandleFunc("/child", func(w http.ResponseWriter, _ *http.Request) {
		self, _ := os.Executable()
		child := &exec.Cmd{Path: self, Args: []string{"child"}, Stdout: os.Stdout}
		if err := child.Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, child.Process.Pid)
	})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Pid", strconv.Itoa(os.Getpid()))
		w.Header().Set("X-Release", filepath.Base(os.Args[0]))
		w.Header().Set("X-Held", strconv.FormatInt(held.Load(), 10))
		w.Header().Set("X-Setting", os.Getenv("SETTING"))
		mux.ServeHTTP(w, r)
	})
	fmt.Fprintln(os.Stderr, "listening")
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Getenv("ADDRESS"), handler))
	os.Exit(1)
}

// stubborn does not end when it is asked to.
func stubborn() {
	signal.Ignore(syscall.SIGTERM)
	serve()
}

// wait does nothing until somebody ends it.
func wait() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	<-signals
}
