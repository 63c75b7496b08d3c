// The application of Lab 4: it answers in all the ways that a switch of traffic must not cut, and can be made to fail.
//
//	/        at once
//	/slow    after 3 s
//	/stream  a line at once and then each 250 ms, for 3 s
//	/alive   as long as it runs
//	/ready   as long as it is not to be failing in this way
//	/fail    POST, ?how=errors (every answer of the first three is 500), slow (they come 4 s later) or unready; mend ends it
//
// Each answer says in X-Node on which node it was given (NODE).
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// For this long after SIGTERM it goes on answering, because load balancers and proxies hear of its end only then.
	goodbye  = 5 * time.Second
	takes    = 3 * time.Second
	each     = 250 * time.Millisecond
	slowness = 4 * time.Second
)

// Each answer from now on says that the connection ends with it. SetKeepAlivesEnabled would close idle ones under a client's hands.
var leaving atomic.Bool

// How it is to fail; "mend": it is not.
var failing atomic.Value

// answering makes all that the ways have in common.
func answering(node string, way func(answer http.ResponseWriter)) http.HandlerFunc {
	return func(answer http.ResponseWriter, _ *http.Request) {
		if failing.Load() == "slow" {
			time.Sleep(slowness)
		}
		answer.Header().Set("X-Node", node)
		if leaving.Load() {
			answer.Header().Set("Connection", "close")
		}
		if failing.Load() == "errors" {
			http.Error(answer, "told to fail", http.StatusInternalServerError)
			return
		}
		way(answer)
	}
}

func fail(answer http.ResponseWriter, request *http.Request) {
	how := request.URL.Query().Get("how")
	switch {
	case request.Method != http.MethodPost:
		http.Error(answer, "POST it", http.StatusMethodNotAllowed)
	case how == "errors" || how == "slow" || how == "unready" || how == "mend":
		failing.Store(how)
		fmt.Fprintln(answer, how)
	default:
		http.Error(answer, "how: errors, slow, unready or mend", http.StatusBadRequest)
	}
}

func main() {
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	failing.Store("mend")
	node := os.Getenv("NODE")
	line := func(answer http.ResponseWriter) {
		fmt.Fprintf(answer, "%s %s\n", time.Now().UTC().Format(time.RFC3339Nano), name)
	}
	http.HandleFunc("/", answering(node, line))
	http.HandleFunc("/slow", answering(node, func(answer http.ResponseWriter) {
		time.Sleep(takes)
		line(answer)
	}))
	http.HandleFunc("/stream", answering(node, func(answer http.ResponseWriter) {
		for end := time.Now().Add(takes); time.Now().Before(end); time.Sleep(each) {
			line(answer)
			answer.(http.Flusher).Flush()
		}
	}))
	http.HandleFunc("/alive", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "ok") })
	http.HandleFunc("/ready", func(answer http.ResponseWriter, _ *http.Request) {
		if failing.Load() == "unready" {
			http.Error(answer, "told to fail", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(answer, "ok")
	})
	http.HandleFunc("/fail", fail)
	server := &http.Server{Addr: ":80"}
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()

	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told
	leaving.Store(true)
	time.Sleep(goodbye)
	if err := server.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}
