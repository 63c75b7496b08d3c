#pragma once

namespace evenkeel::base {

// To be called by every program of ours before it makes a thread.
//
// Abseil's mutexes look for lock-order cycles unless the library was built with NDEBUG, which Debian's is
// not: a global table of every mutex, consulted under one spinlock at every lock. With thousands of gRPC
// streams that is a fifth of all CPU time and several kilobytes a stream. Order of locks is checked where it
// costs nothing: in our TSan runs.
void PrepareProcess();

}  // namespace evenkeel::base
