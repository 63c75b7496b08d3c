// Lets ThreadSanitizer see the locks of a packaged Abseil, which was compiled without it: to TSan its atomics
// do not happen, and everything that an absl::Mutex protects looks like a race. The functions below take the
// place of the library's (a program's own symbols come before those of its shared libraries, for calls from
// within libraries too, gRPC's among them), tell TSan what they order, and go on to the library's.
//
// An atomic that Abseil sets and its headers read, such as HasBeenNotified's, stays invisible: wait for a
// notification before relying on it.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

// The library's function of the same name as `ours`.
template <typename Function>
Function* Next(void* ours) {
  Dl_info info;
  if (dladdr(ours, &info) != 0 && info.dli_sname != nullptr) {
    if (void* const next = dlsym(RTLD_NEXT, info.dli_sname); next != nullptr)
      return reinterpret_cast<Function*>(next);
  }
  std::fputs("Abseil is not a shared library here: build the tsan preset without this file\n", stderr);
  std::abort();
}

// A thread that gives a mutex up evaluates the conditions of those that wait for it. It does so under the
// mutex, but after TSan was told of the release: so what the conditions read is not looked at.
class IgnoreConditions {
 public:
  IgnoreConditions() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreConditions() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

template <typename Call>
auto Acquire(void* mutex, Call call) {
  const auto result = [&] {
    const IgnoreConditions ignore;
    return call();
  }();
  __tsan_acquire(mutex);
  return result;
}

// For calls that give the mutex up and take it again.
template <typename Call>
auto Reacquire(void* mutex, Call call) {
  __tsan_release(mutex);
  return Acquire(mutex, call);
}

}  // namespace

// NEXT(Class, Method, Result, arguments...): the library's method as a plain function of `this` and the
// arguments.
#define NEXT(class, method, result, ...)                                     \
  static auto* const next = Next<result(class* __VA_OPT__(, ) __VA_ARGS__)>( \
      (void*)static_cast<result (class ::*)(__VA_ARGS__)>(&class ::method))
#define NEXT_CONST(class, method, result, ...)                                     \
  static auto* const next = Next<result(const class* __VA_OPT__(, ) __VA_ARGS__)>( \
      (void*)static_cast<result (class ::*)(__VA_ARGS__) const>(&class ::method))

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  NEXT(Mutex, Lock, void);
  next(this);
  __tsan_acquire(this);
}

void Mutex::ReaderLock() {
  NEXT(Mutex, ReaderLock, void);
  next(this);
  __tsan_acquire(this);
}

bool Mutex::TryLock() {
  NEXT(Mutex, TryLock, bool);
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

bool Mutex::ReaderTryLock() {
  NEXT(Mutex, ReaderTryLock, bool);
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::Unlock() {
  NEXT(Mutex, Unlock, void);
  __tsan_release(this);
  const IgnoreConditions ignore;
  next(this);
}

void Mutex::ReaderUnlock() {
  NEXT(Mutex, ReaderUnlock, void);
  __tsan_release(this);
  const IgnoreConditions ignore;
  next(this);
}

void Mutex::Await(const Condition& condition) {
  NEXT(Mutex, Await, void, const Condition&);
  Reacquire(this, [&] {
    next(this, condition);
    return true;
  });
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  NEXT(Mutex, AwaitWithTimeout, bool, const Condition&, Duration);
  return Reacquire(this, [&] { return next(this, condition, timeout); });
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  NEXT(Mutex, AwaitWithDeadline, bool, const Condition&, Time);
  return Reacquire(this, [&] { return next(this, condition, deadline); });
}

void Mutex::LockWhen(const Condition& condition) {
  NEXT(Mutex, LockWhen, void, const Condition&);
  Acquire(this, [&] {
    next(this, condition);
    return true;
  });
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  NEXT(Mutex, LockWhenWithTimeout, bool, const Condition&, Duration);
  return Acquire(this, [&] { return next(this, condition, timeout); });
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  NEXT(Mutex, LockWhenWithDeadline, bool, const Condition&, Time);
  return Acquire(this, [&] { return next(this, condition, deadline); });
}

void CondVar::Wait(Mutex* mutex) {
  NEXT(CondVar, Wait, void, Mutex*);
  Reacquire(mutex, [&] {
    next(this, mutex);
    return true;
  });
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  NEXT(CondVar, WaitWithTimeout, bool, Mutex*, Duration);
  return Reacquire(mutex, [&] { return next(this, mutex, timeout); });
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  NEXT(CondVar, WaitWithDeadline, bool, Mutex*, Time);
  return Reacquire(mutex, [&] { return next(this, mutex, deadline); });
}

void Notification::Notify() {
  NEXT(Notification, Notify, void);
  __tsan_release(this);
  next(this);
}

void Notification::WaitForNotification() const {
  NEXT_CONST(Notification, WaitForNotification, void);
  next(this);
  __tsan_acquire(const_cast<Notification*>(this));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  NEXT_CONST(Notification, WaitForNotificationWithTimeout, bool, Duration);
  const bool notified = next(this, timeout);
  if (notified) __tsan_acquire(const_cast<Notification*>(this));
  return notified;
}

bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  NEXT_CONST(Notification, WaitForNotificationWithDeadline, bool, Time);
  const bool notified = next(this, deadline);
  if (notified) __tsan_acquire(const_cast<Notification*>(this));
  return notified;
}

#if ABSL_LTS_RELEASE_VERSION < 20240116
// A status's last owner destroys it: the others' counting down comes before. Later releases count elsewhere.
void Status::UnrefNonInlined(uintptr_t rep) {
  status_internal::StatusRep* const shared = RepToPointer(rep);
  if (shared->ref.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared;
}
#endif

ABSL_NAMESPACE_END
}  // namespace absl

namespace {

// As in our programs (common/base/process.h): the search keeps a table under a lock that TSan cannot see.
const bool kNoSearchForLockCycles = [] {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return true;
}();

}  // namespace

// gRPC and what it stands on order their own memory by atomics that TSan cannot see either. What they copy
// and free themselves is not looked at; what they hand to us is, since it passes one of the locks above.
// Likewise the memory of a call, which gRPC takes by gpr_malloc (its metadata by gpr_realloc) and in which
// our generated messages are built in turn by the threads that share it, and the last holder of a status,
// who frees what another thread made inside the library. RocksDB's memtable hands what one thread wrote to
// the readers in others in the same way. gRPC's timer threads end by themselves; the one that ended last is
// joined by the next to come, so a program's end may find it not joined. The last that holds a callback's
// call destroys it, and the library counts the holders.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libgrpc.so\n"
         "called_from_lib:libgrpc++.so\n"
         "called_from_lib:libcrypto.so\n"
         "called_from_lib:libssl.so\n"
         "called_from_lib:libabsl_cord.so\n"
         "called_from_lib:libabsl_random_internal_pool_urbg.so\n"
         "called_from_lib:libabsl_status.so\n"
         "called_from_lib:libabsl_time_zone.so\n"
         "race:^gpr_malloc$\n"
         "race:^gpr_realloc$\n"
         "race:Status::UnrefNonInlined\n"
         "race:::~ServerCallback\n"
         "race:^rocksdb::\n"
         "thread:^grpc_core::Thread::Thread\n";
}
