#include "coordinator/prober/http_answer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

constexpr int kNoContent = 204;
constexpr int kNotModified = 304;
// Larger than anything that a prober reads, and far from an overflow.
constexpr uint64_t kLargestBody = uint64_t{1} << 50;

bool HasNoBody(int code) {
  return code == kNoContent || code == kNotModified;
}

}  // namespace

void HttpAnswer::Break(std::string problem) {
  state_ = State::kBroken;
  problem_ = std::move(problem);
  keeps_connection_ = false;
}

size_t HttpAnswer::Feed(absl::string_view bytes) {
  const size_t all = bytes.size();
  while (!bytes.empty() && state_ == State::kReading) {
    if (part_ == Part::kLength || part_ == Part::kUntilEnd || part_ == Part::kChunk) {
      bytes.remove_prefix(TakeBody(bytes));
      continue;
    }
    const size_t end = bytes.find('\n');
    const absl::string_view piece = bytes.substr(0, end == absl::string_view::npos ? bytes.size() : end);
    head_bytes_ += piece.size() + (end == absl::string_view::npos ? 0 : 1);
    if (head_bytes_ > kLongestHead) {
      Break("its head is too long");
      break;
    }
    line_.append(piece.data(), piece.size());
    if (end == absl::string_view::npos) return all;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    TakeLine(absl::EndsWith(line, "\r") ? absl::string_view(line).substr(0, line.size() - 1) : line);
  }
  return all - bytes.size();
}

void HttpAnswer::TakeLine(absl::string_view line) {
  switch (part_) {
    case Part::kHead:
      return TakeHeadLine(line);
    case Part::kChunkSize:
      return TakeChunkSize(line);
    case Part::kChunkEnd:
      if (!line.empty()) return Break("a chunk is longer than it says");
      part_ = Part::kChunkSize;
      head_bytes_ = 0;
      return;
    case Part::kTrailer:
      if (line.empty()) state_ = State::kWhole;
      return;
    case Part::kLength:
    case Part::kUntilEnd:
    case Part::kChunk:
      return;  // these have no lines
  }
}

void HttpAnswer::TakeHeadLine(absl::string_view line) {
  if (!has_status_) {
    // "HTTP/1.1 200 OK"
    constexpr size_t kCodeAt = 9;
    constexpr size_t kCodeEnd = 12;
    const bool is_http =
        absl::StartsWith(line, "HTTP/1.") && line.size() >= kCodeEnd && line[kCodeAt - 1] == ' ';
    if (!is_http || !absl::SimpleAtoi(line.substr(kCodeAt, kCodeEnd - kCodeAt), &code_) || code_ < 100) {
      code_ = 0;
      return Break("it does not answer in HTTP/1");
    }
    has_status_ = true;
    keeps_connection_ = line[kCodeAt - 2] != '0';  // 1.0 closes unless it says otherwise
    return;
  }
  if (line.empty()) return EndHead();
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return Break("a line of its head is no header");
  TakeHeader(line.substr(0, colon), absl::StripAsciiWhitespace(line.substr(colon + 1)));
}

void HttpAnswer::TakeHeader(absl::string_view name, absl::string_view value) {
  if (absl::EqualsIgnoreCase(name, "content-length")) {
    uint64_t length = 0;
    if (!absl::SimpleAtoi(value, &length) || length > kLargestBody || (length_ && *length_ != length)) {
      return Break("its Content-Length makes no sense");
    }
    length_ = length;
  } else if (absl::EqualsIgnoreCase(name, "transfer-encoding")) {
    chunked_ = absl::EndsWithIgnoreCase(value, "chunked");
    if (!chunked_) Break("its Transfer-Encoding is not known");
  } else if (absl::EqualsIgnoreCase(name, "connection")) {
    if (absl::StrContains(absl::AsciiStrToLower(value), "close")) keeps_connection_ = false;
    if (absl::EqualsIgnoreCase(value, "keep-alive")) keeps_connection_ = true;
  }
  if (!wanted_.empty() && absl::EqualsIgnoreCase(name, wanted_)) header_ = std::string(value);
}

void HttpAnswer::EndHead() {
  if (code_ < 200) {  // another head follows
    has_status_ = false;
    length_.reset();
    chunked_ = false;
    return;
  }
  head_bytes_ = 0;
  if (HasNoBody(code_) || (!chunked_ && length_ == 0)) {
    state_ = State::kWhole;
  } else if (chunked_) {
    part_ = Part::kChunkSize;
  } else if (length_) {
    part_ = Part::kLength;
    left_ = *length_;
  } else {
    part_ = Part::kUntilEnd;
    keeps_connection_ = false;
  }
}

void HttpAnswer::TakeChunkSize(absl::string_view line) {
  const absl::string_view digits = absl::StripAsciiWhitespace(line.substr(0, line.find(';')));
  uint64_t size = 0;
  const bool is_hex = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char letter) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(letter));
  });
  if (!is_hex || !absl::SimpleHexAtoi(digits, &size) || size > kLargestBody) {
    return Break("the size of a chunk makes no sense");
  }
  left_ = size;
  part_ = size == 0 ? Part::kTrailer : Part::kChunk;
}

size_t HttpAnswer::TakeBody(absl::string_view bytes) {
  if (part_ == Part::kUntilEnd) {
    body_bytes_ += bytes.size();
    return bytes.size();
  }
  const size_t taken = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  left_ -= taken;
  body_bytes_ += taken;
  if (left_ > 0) return taken;
  if (part_ == Part::kLength) {
    state_ = State::kWhole;
  } else {
    part_ = Part::kChunkEnd;
    head_bytes_ = 0;
  }
  return taken;
}

void HttpAnswer::End() {
  if (state_ != State::kReading) return;
  if (part_ == Part::kUntilEnd) {
    state_ = State::kWhole;
    return;
  }
  Break(has_status_ ? absl::StrCat("the connection ended after ", body_bytes_, " bytes of the answer")
                    : "the connection ended before an answer");
}

}  // namespace evenkeel::coordinator
