#pragma once

#include <optional>
#include <string_view>

namespace evenkeel::agent {

// Whether the file system that holds `path` is read-only itself, by /proc/PID/mountinfo (proc(5)). A mount
// can be read-only over a file system that is not: so it is in a pod, which is why statvfs(2) cannot tell.
// Nothing when no mount of `text` holds `path`.
std::optional<bool> FilesystemIsReadOnly(std::string_view text, std::string_view path);

}  // namespace evenkeel::agent
