#include "coordinator/serve/replay_frames.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

// One decision with its evidence and actions takes some 20 KiB.
constexpr size_t kLargest = size_t{16} << 20;

absl::Status Broken(const char* doing) {
  return absl::InternalError(absl::StrCat("the pipe to the replay's process broke (", doing,
                                          "): ", std::system_category().message(errno)));
}

// How many bytes there were before the end.
absl::StatusOr<size_t> ReadAll(int file, char* to, size_t bytes) {
  size_t have = 0;
  while (have < bytes) {
    const ssize_t got = read(file, to + have, bytes - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Broken("read");
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  return have;
}

}  // namespace

absl::StatusOr<std::optional<ReplayFrame>> ReadReplayFrame(int file) {
  std::array<char, 5> head{};
  EVENKEEL_ASSIGN_OR_RETURN(const size_t have, ReadAll(file, head.data(), head.size()));
  if (have == 0) return std::nullopt;
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size |= size_t{static_cast<unsigned char>(head[1 + i])} << (8 * i);
  ReplayFrame frame{.type = head[0]};
  const bool good = have == head.size() && size <= kLargest &&
                    (frame.type == ReplayFrame::kResponse || frame.type == ReplayFrame::kError);
  if (!good) return absl::InternalError("the replay's process said something that is no answer");
  frame.bytes.resize(size);
  EVENKEEL_ASSIGN_OR_RETURN(const size_t got, ReadAll(file, frame.bytes.data(), size));
  if (got < size) return absl::InternalError("the replay's process ended in the middle of an answer");
  return frame;
}

absl::Status WriteReplayFrame(int file, char type, std::string_view bytes) {
  std::string frame(1, type);
  for (size_t i = 0; i < 4; ++i) frame.push_back(static_cast<char>(bytes.size() >> (8 * i)));
  frame.append(bytes);
  for (std::string_view left = frame; !left.empty();) {
    const ssize_t written = write(file, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Broken("write");
    left.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

std::string FrameOfError(const absl::Status& status) {
  return absl::StrCat(std::string(1, static_cast<char>(status.code())),
                      base::Detail(status, base::kReasonKey).value_or(""), std::string(1, '\0'),
                      status.message());
}

absl::Status ErrorFromFrame(std::string_view bytes) {
  if (bytes.empty()) return absl::InternalError("the replay's process failed without a word");
  const auto code = static_cast<absl::StatusCode>(bytes.front());
  const size_t end = bytes.find('\0', 1);
  if (code == absl::StatusCode::kOk || end == std::string_view::npos) {
    return absl::InternalError("the replay's process failed without a cause");
  }
  const std::string reason(bytes.substr(1, end - 1));
  absl::Status status(code, absl::string_view(bytes.data() + end + 1, bytes.size() - end - 1));
  if (!reason.empty()) return base::WithReason(status, reason);
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return base::WithReason(status, "NOTHING_RECORDED");
    case absl::StatusCode::kFailedPrecondition:
      return base::WithReason(status, "RECORDED_BY_ANOTHER_VERSION");
    case absl::StatusCode::kResourceExhausted:
      return base::WithReason(status, "REPLAY_OUT_OF_MEMORY");
    case absl::StatusCode::kDataLoss:
      return base::WithReason(status, "RECORD_DAMAGED");
    default:
      return status;
  }
}

}  // namespace evenkeel::coordinator
