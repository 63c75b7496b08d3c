// A small file that is put into place as a whole.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// Writes `content` beside `path`, durably, and then puts it there; a file that says so already is left alone.
// Whoever reads the path sees the old content or the new one, also after a crash. UNAVAILABLE with the cause;
// or what `may_replace` says of another content that is there.
absl::Status KeepFile(
    const std::string& path, absl::string_view content,
    const std::function<absl::Status(const std::string& there)>& may_replace = [](const std::string&) {
      return absl::OkStatus();
    });

}  // namespace evenkeel::coordinator
