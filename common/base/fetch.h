// Memory that will be needed soon, asked for ahead: where thousands of objects are gone through one after the
// other, none of which is in a cache, the time goes into waiting for the next.
#pragma once

#include <cstddef>

namespace evenkeel::base {

// Compilers take a function that only asks for memory for one that does nothing, and drop its calls.
#define EVENKEEL_FETCHES [[gnu::always_inline]] inline

// The whole object from its byte `from` on. There need be none: nothing is read.
template <typename T>
EVENKEEL_FETCHES void Fetch(const T* object, size_t from = 0) {
  constexpr size_t kLine = 64;  // of a cache
  for (size_t at = from; at < sizeof(T); at += kLine) {
    __builtin_prefetch(reinterpret_cast<const char*>(object) + at);  // NOLINT: an address, and no more
  }
}

}  // namespace evenkeel::base
