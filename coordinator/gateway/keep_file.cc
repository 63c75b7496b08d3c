#include "coordinator/gateway/keep_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

absl::Status KeepFile(const std::string& path, absl::string_view content,
                      const std::function<absl::Status(const std::string& there)>& may_replace) {
  std::ifstream old(path, std::ios::binary);
  std::stringstream there;
  if (old && (there << old.rdbuf())) {
    if (there.str() == content) return absl::OkStatus();
    if (absl::Status status = may_replace(there.str()); !status.ok()) return status;
  }
  const auto failure = [&path](absl::string_view doing) {
    return absl::UnavailableError(
        absl::StrCat("cannot ", doing, " beside ", path, ": ", std::system_category().message(errno)));
  };
  const std::string next = absl::StrCat(path, ".evenkeel");
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failure("open a file");
  size_t written = 0;
  while (written < content.size()) {
    const ssize_t count = write(file, content.data() + written, content.size() - written);
    if (count < 0 && errno != EINTR) break;
    if (count > 0) written += static_cast<size_t>(count);
  }
  const bool whole = written == content.size() && fsync(file) == 0;
  close(file);
  if (!whole) return failure("write a file");
  if (std::rename(next.c_str(), path.c_str()) != 0) return failure("put a file into place");
  return absl::OkStatus();
}

}  // namespace evenkeel::coordinator
