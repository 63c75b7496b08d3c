#include "agent/fence/fence_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace evenkeel::agent {
namespace {

constexpr absl::string_view kFormat = "evenkeel-fence 1";

}  // namespace

std::string EncodeFence(const FenceState::Kept& kept, absl::string_view boot_id) {
  const std::string settings = kept.settings.SerializeAsString();
  v1::FencingSettings held;
  for (const v1::MarkedPod& pod : kept.held) *held.add_marked_pods() = pod;
  return absl::StrCat(kFormat, " ", boot_id, " ", absl::ToUnixNanos(kept.heard), " ", kept.armed ? 1 : 0, " ",
                      kept.fenced ? 1 : 0, " ", absl::ToUnixNanos(kept.fenced_since), " ", settings.size(),
                      "\n", settings, held.SerializeAsString());
}

absl::StatusOr<std::optional<FenceState::Kept>> DecodeFence(absl::string_view text,
                                                            absl::string_view boot_id) {
  const absl::Status unreadable =
      absl::DataLossError("it cannot be understood: an agent of another version wrote it?");
  const size_t end = text.find('\n');
  if (end == absl::string_view::npos) return unreadable;
  const std::vector<absl::string_view> words = absl::StrSplit(text.substr(0, end), ' ');
  int64_t heard = 0;
  int64_t since = 0;
  size_t size = 0;
  if (words.size() != 8 || absl::StrCat(words[0], " ", words[1]) != kFormat) return unreadable;
  if (words[2] != boot_id) return std::nullopt;
  if (!absl::SimpleAtoi(words[3], &heard) || !absl::SimpleAtoi(words[6], &since) ||
      !absl::SimpleAtoi(words[7], &size) || size > text.size() - end - 1) {
    return unreadable;
  }
  FenceState::Kept kept;
  v1::FencingSettings held;
  if (!kept.settings.ParseFromString(std::string(text.substr(end + 1, size))) ||
      !held.ParseFromString(std::string(text.substr(end + 1 + size)))) {
    return unreadable;
  }
  kept.heard = absl::FromUnixNanos(heard);
  kept.armed = words[4] == "1";
  kept.fenced = words[5] == "1";
  kept.fenced_since = absl::FromUnixNanos(since);
  kept.held.assign(held.marked_pods().begin(), held.marked_pods().end());
  return kept;
}

FenceFile::FenceFile(const std::string& folder, std::string boot_id)
    : path_(absl::StrCat(folder, "/fence")), boot_id_(std::move(boot_id)) {}

absl::StatusOr<std::optional<FenceState::Kept>> FenceFile::Read() const {
  std::ifstream file(path_, std::ios::binary);
  if (!file) {
    if (access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto kept = DecodeFence(text, boot_id_);
  if (!kept.ok()) return base::Annotate(kept.status(), path_);
  return kept;
}

absl::Status FenceFile::Write(const FenceState::Kept& kept) const {
  const std::string text = EncodeFence(kept, boot_id_);
  const std::string fresh = absl::StrCat(path_, ".new");
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", fresh));
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(file);
  if (!written) return absl::ErrnoToStatus(error, absl::StrCat("cannot write ", fresh));
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path_));
  }
  return absl::OkStatus();
}

void FenceFile::Remove() const {
  unlink(path_.c_str());
}

}  // namespace evenkeel::agent
