#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace evenkeel::base::internal {

CheckFailure::CheckFailure(const char* file, int line, const char* condition) {
  message_ << file << ":" << line << ": check failed: " << condition << " ";
}

CheckFailure::~CheckFailure() {
  // Straight to stderr: the logger may be what is broken.
  const std::string text = message_.str() + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  std::abort();
}

}  // namespace evenkeel::base::internal
