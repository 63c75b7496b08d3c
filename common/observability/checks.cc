#include "common/observability/checks.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace evenkeel::observability {

void Checks::Add(const std::string& name, std::function<absl::Status()> check) {
  absl::MutexLock lock(&mutex_);
  checks_[name] = std::move(check);
}

void Checks::Remove(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  checks_.erase(name);
}

Checks::Answer Checks::Ask() const {
  absl::MutexLock lock(&mutex_);
  Answer answer;
  for (const auto& [name, check] : checks_) {
    const absl::Status status = check();
    if (status.ok()) {
      absl::StrAppend(&answer.text, "[+] ", name, "\n");
    } else {
      answer.good = false;
      absl::StrAppend(&answer.text, "[-] ", name, ": ", status.message(), "\n");
    }
  }
  absl::StrAppend(&answer.text, answer.good ? "ok\n" : "failed\n");
  return answer;
}

}  // namespace evenkeel::observability
