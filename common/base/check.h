#pragma once

#include <ostream>
#include <sstream>

// EVENKEEL_CHECK(condition) << "what was broken and by whom";
//
// For broken invariants of our own only: the process writes file, line, condition and the message to stderr
// and aborts. What the environment does (network, files, peers, operators) is an absl::Status instead. The
// message's operands are evaluated only when the condition is false.
#define EVENKEEL_CHECK(condition)                       \
  (condition) ? (void)0                                 \
              : ::evenkeel::base::internal::Voidify() & \
                    ::evenkeel::base::internal::CheckFailure(__FILE__, __LINE__, #condition).stream()

namespace evenkeel::base::internal {

// Collects the message of one failed check; its destructor ends the process.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();

  CheckFailure(const CheckFailure&) = delete;
  CheckFailure& operator=(const CheckFailure&) = delete;

  std::ostream& stream() { return message_; }

 private:
  std::ostringstream message_;
};

// Gives both branches of the macro's conditional the type void; `&` binds more loosely than `<<`.
struct Voidify {
  void operator&(std::ostream&) const {}
};

}  // namespace evenkeel::base::internal
