#pragma once

#include "absl/status/status.h"

namespace evenkeel::agent {

// Unmaps the pages of programs and libraries that nobody runs now: those that only the start needed (symbol
// tables, the set-up of libraries) and those that the kernel mapped because they lie beside one that was
// needed. They stay in the page cache for as long as the kernel has room, and come back by themselves when
// they are touched; until then they are nobody's memory. Worth calling after the start and now and then after
// that; it costs a few milliseconds.
//
// Only read-only private mappings of files without a page of their own are touched: relocated data is not.
absl::Status ReleaseIdleCode();

}  // namespace evenkeel::agent
