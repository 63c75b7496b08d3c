// The application of Lab 1: it answers every request with the time and the name of its pod.
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

// For this long after SIGTERM it goes on answering, because load balancers and proxies hear of its end only then.
const goodbye = 5 * time.Second

// Each answer from now on says that the connection ends with it. SetKeepAlivesEnabled would close idle ones under a client's hands.
var leaving atomic.Bool

func main() {
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: ":80", Handler: http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		if leaving.Load() {
			answer.Header().Set("Connection", "close")
		}
		fmt.Fprintf(answer, "%s %s\n", time.Now().UTC().Format(time.RFC3339Nano), name)
	})}
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
