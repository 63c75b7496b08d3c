// The application of Lab 2: every request costs CPU, and is answered with the time and the name of the pod.
//
// A request burns BURN of CPU (5ms) and waits for WAIT (0s) besides, as one does that asks a database. Requests share
// nothing: a pod with more of them uses more CPU, until its node has no more to give. /healthz costs nothing.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// For this long after SIGTERM it goes on answering, because proxies hear of its end only then.
const goodbye = 5 * time.Second

// Each answer from now on says that the connection ends with it. SetKeepAlivesEnabled would close idle ones under a client's hands.
var leaving atomic.Bool

// Between two looks at the CPU's clock: about 20 us of work.
const slice = 20000

// threadTime is the CPU that the calling thread has used.
func threadTime() time.Duration {
	const rusageThread = 1 // RUSAGE_THREAD of Linux
	var usage syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// burn uses so much CPU, however long that takes on a busy machine. What it returns has no meaning.
func burn(wanted time.Duration) uint64 {
	// The clock is the thread's: the request stays on one, and has it for itself meanwhile.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	number := uint64(time.Now().UnixNano()) | 1
	for end := threadTime() + wanted; threadTime() < end; {
		for step := 0; step < slice; step++ {
			number ^= number << 13
			number ^= number >> 7
			number ^= number << 17
		}
	}
	return number
}

func setting(name string, otherwise time.Duration) time.Duration {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := time.ParseDuration(text)
	if err != nil || value < 0 || value > time.Minute {
		log.Fatalf("%s is %q: a duration from 0s to 1m is needed, as 5ms", name, text)
	}
	return value
}

func main() {
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	cost, wait := setting("BURN", 5*time.Millisecond), setting("WAIT", 0)
	http.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "ok") })
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		number := burn(cost)
		time.Sleep(wait)
		if leaving.Load() {
			answer.Header().Set("Connection", "close")
		}
		answer.Header().Set("X-Number", fmt.Sprint(number)) // So that the compiler must let it be found.
		fmt.Fprintf(answer, "%s %s\n", time.Now().UTC().Format(time.RFC3339), name)
	})
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
