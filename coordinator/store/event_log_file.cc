#include "coordinator/store/event_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kEnding[] = ".events";
constexpr size_t kFrameHead = 12;

void PutLittleEndian(uint64_t number, size_t bytes, std::string& out) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t LittleEndian(const char* from, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; ++i) {
    number |= static_cast<uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  }
  return number;
}

absl::Status Failed(const char* doing, const std::string& path) {
  const int error = errno;
  const std::string cause =
      absl::StrCat("cannot ", doing, " ", path, ": ", std::system_category().message(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(cause);
  if (error == ENOENT) return absl::NotFoundError(cause);
  return absl::UnavailableError(cause);
}

}  // namespace

uint64_t Fingerprint(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

uint64_t Fingerprint(const Decision& decision) {
  return Fingerprint(ToRecord(decision).SerializeAsString());
}

// ---- writing ----

absl::StatusOr<EventLogWriter> EventLogWriter::Create(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Failed("make", path);
  return EventLogWriter(path, file);
}

EventLogWriter::EventLogWriter(EventLogWriter&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), bytes_(other.bytes_) {}

EventLogWriter& EventLogWriter::operator=(EventLogWriter&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

EventLogWriter::~EventLogWriter() {
  if (file_ >= 0) close(file_);
}

absl::Status EventLogWriter::Append(std::string_view frame) {
  if (frame.size() > kLargestFrame) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a frame of ", frame.size(), " bytes is more than ", path_, " may hold in one"));
  }
  std::string bytes;
  bytes.reserve(kFrameHead + frame.size());
  PutLittleEndian(frame.size(), 4, bytes);
  PutLittleEndian(Fingerprint(frame), 8, bytes);
  bytes.append(frame);
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t written = write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write to", path_);
    left.remove_prefix(static_cast<size_t>(written));
  }
  bytes_ += bytes.size();
  return absl::OkStatus();
}

// ---- reading ----

absl::StatusOr<EventLogReader> EventLogReader::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed("open", path);
  return EventLogReader(path, file);
}

EventLogReader::EventLogReader(EventLogReader&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), damaged_(other.damaged_) {}

EventLogReader& EventLogReader::operator=(EventLogReader&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(damaged_, other.damaged_);
  return *this;
}

EventLogReader::~EventLogReader() {
  if (file_ >= 0) close(file_);
}

// False: the file ends before so many bytes.
absl::StatusOr<bool> EventLogReader::ReadAll(char* to, size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = read(file_, to, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path_);
    if (got == 0) return false;
    to += got;
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

absl::StatusOr<std::optional<std::string>> EventLogReader::Next() {
  if (damaged_) return std::nullopt;  // where a next frame would begin is not known
  std::array<char, kFrameHead> head{};
  EVENKEEL_ASSIGN_OR_RETURN(const bool whole, ReadAll(head.data(), head.size()));
  if (!whole) return std::nullopt;
  const uint64_t size = LittleEndian(head.data(), 4);
  damaged_ = size > kLargestFrame;
  if (damaged_) return std::nullopt;
  // Bit by bit, so that a damaged size costs no more memory than the file has bytes.
  std::string frame;
  while (frame.size() < size) {
    constexpr uint64_t kAtOnce = uint64_t{4} << 20;
    const size_t have = frame.size();
    frame.resize(have + static_cast<size_t>(std::min(size - have, kAtOnce)));
    EVENKEEL_ASSIGN_OR_RETURN(const bool more, ReadAll(frame.data() + have, frame.size() - have));
    if (!more) return std::nullopt;
  }
  damaged_ = Fingerprint(frame) != LittleEndian(head.data() + 4, 8);
  if (damaged_) return std::nullopt;
  return frame;
}

// ---- the folder ----

std::string SegmentPath(const std::string& folder, uint64_t number) {
  return absl::StrFormat("%s/%016d%s", folder, number, kEnding);
}

std::vector<EventLogFile> ListFiles(const std::string& folder) {
  std::vector<EventLogFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    absl::string_view number = name;
    EventLogFile file{.path = entry.path().string()};
    if (!absl::ConsumeSuffix(&number, kEnding) || !absl::SimpleAtoi(number, &file.number)) continue;
    struct stat known {};
    if (stat(file.path.c_str(), &known) != 0) continue;  // deleted meanwhile
    file.bytes = static_cast<size_t>(known.st_size);
    file.changed = absl::TimeFromTimespec(known.st_mtim);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& left, const auto& right) { return left.number < right.number; });
  return files;
}

std::optional<storage::v1::EventLogHead> HeadOf(const std::string& path) {
  absl::StatusOr<EventLogReader> reader = EventLogReader::Open(path);
  if (!reader.ok()) return std::nullopt;
  const auto frame = reader->Next();
  storage::v1::EventLogHead head;
  if (!frame.ok() || !frame->has_value() || !head.ParseFromString(**frame)) return std::nullopt;
  if (head.format_version() != kEventLogFormatVersion) return std::nullopt;
  return head;
}

std::vector<EventLogSegment> ListSegments(const std::string& folder) {
  std::vector<EventLogSegment> segments;
  for (EventLogFile& file : ListFiles(folder)) {
    std::optional<storage::v1::EventLogHead> head = HeadOf(file.path);
    if (!head) continue;
    segments.push_back({.path = std::move(file.path), .number = file.number, .head = *std::move(head)});
  }
  return segments;
}

}  // namespace evenkeel::coordinator
