#include "agent/decode/mount_info.h"

#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

bool Holds(std::string_view mount_point, std::string_view path) {
  if (mount_point == "/") {
    return path.starts_with('/');
  }
  return path.starts_with(mount_point) &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

// Whether a comma-separated list of options begins with "ro", as it does when it contains it.
bool IsReadOnly(std::string_view options) {
  return options == "ro" || options.starts_with("ro,");
}

}  // namespace

std::optional<bool> FilesystemIsReadOnly(std::string_view text, std::string_view path) {
  std::optional<bool> read_only;
  size_t longest = 0;
  std::string_view line;
  while (TakeLine(text, line)) {
    // ID PARENT MAJOR:MINOR ROOT MOUNT-POINT OPTIONS [TAG...] - TYPE SOURCE SUPER-OPTIONS
    std::string_view rest = line;
    std::string_view word;
    std::string_view mount_point;
    bool complete = true;
    for (int i = 0; i < 5; ++i) {
      complete = complete && TakeWord(rest, mount_point);
    }
    while (complete && (complete = TakeWord(rest, word)) && word != "-") {
    }
    std::string_view super_options;
    for (int i = 0; i < 3; ++i) {
      complete = complete && TakeWord(rest, super_options);
    }
    // A later mount at the same place hides the earlier one.
    if (complete && Holds(mount_point, path) && mount_point.size() >= longest) {
      longest = mount_point.size();
      read_only = IsReadOnly(super_options);
    }
  }
  return read_only;
}

}  // namespace evenkeel::agent
