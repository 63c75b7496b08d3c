#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace evenkeel::observability {

// Named conditions that a program is alive, or ready, under. Any thread may use it.
class Checks {
 public:
  // `check` is called on the server's thread for each question: it must be quick and safe there. A name that
  // is there already is replaced.
  void Add(const std::string& name, std::function<absl::Status()> check);
  // After it returns the check is not called any more.
  void Remove(const std::string& name);

  struct Answer {
    bool good = true;
    std::string text;  // one line a check: "[+] name" or "[-] name: why"
  };
  // All are asked, in order of name. Without any check the answer is good.
  Answer Ask() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, std::function<absl::Status()>> checks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::observability
