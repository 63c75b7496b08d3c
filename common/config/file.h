#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/time/clock.h"

namespace evenkeel::config {

inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

// The whole of a small file (at most kMaxFileBytes). Errors name the path and what to do: NOT_FOUND,
// PERMISSION_DENIED, FAILED_PRECONDITION (not a plain file, too large), UNAVAILABLE (anything else).
absl::StatusOr<std::string> ReadFile(const std::string& path);

// A file that somebody renews, such as a projected service-account token: read again when what is held is
// older than `max_age`. Any thread may use it.
class ReloadingFile {
 public:
  // `clock` must outlive it. Nothing is read yet.
  ReloadingFile(std::string path, const time::Clock& clock, absl::Duration max_age = absl::Minutes(1));

  // The content, without white space around it. When it cannot be read again the last content is given, since
  // it may well still be good and its user will hear if it is not; an error comes only when there never was
  // any. FAILED_PRECONDITION when the file is empty.
  absl::StatusOr<std::string> Get();

  // The next Get reads the file.
  void Forget();

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const time::Clock& clock_;
  const absl::Duration max_age_;
  absl::Mutex mutex_;
  std::optional<std::string> content_ ABSL_GUARDED_BY(mutex_);
  absl::Time read_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace evenkeel::config
