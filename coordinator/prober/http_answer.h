// One answer of an HTTP/1.1 server, as its bytes come in: is it whole, and may the connection be used again?
// Pure; takes any bytes (the server may be anybody). A client of its own, because libraries quietly repeat a
// request on a new connection when the old one was reset, and that is what the prober is to see.
//
// RFC 9112, as far as answers to GET go: Content-Length, chunks, or until the connection's end; 1xx are
// passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

class HttpAnswer {
 public:
  enum class State {
    kReading,
    kWhole,
    kBroken,  // it is no HTTP, is too large, or ended too early; `problem` says which
  };
  // Of the head and of each line of chunks; bodies are only counted.
  static constexpr size_t kLongestHead = size_t{16} << 10;

  // `wanted_header`: in lower case; its value is kept. Empty: none is.
  explicit HttpAnswer(std::string wanted_header = "") : wanted_(std::move(wanted_header)) {}

  // More bytes, in order. What comes after the answer's end is left alone; returns how many were taken.
  size_t Feed(absl::string_view bytes);
  // The connection has ended.
  void End();

  State state() const { return state_; }
  const std::string& problem() const { return problem_; }
  int code() const { return code_; }  // 0: not known yet
  uint64_t body_bytes() const { return body_bytes_; }
  // The connection may carry another request once this answer is whole.
  bool keeps_connection() const { return keeps_connection_; }
  const std::string& header() const { return header_; }  // the wanted one; empty: it was not there

 private:
  enum class Part { kHead, kLength, kUntilEnd, kChunkSize, kChunk, kChunkEnd, kTrailer };

  void Break(std::string problem);
  void TakeLine(absl::string_view line);
  void TakeHeadLine(absl::string_view line);
  void TakeHeader(absl::string_view name, absl::string_view value);
  void EndHead();
  void TakeChunkSize(absl::string_view line);
  size_t TakeBody(absl::string_view bytes);

  const std::string wanted_;
  State state_ = State::kReading;
  Part part_ = Part::kHead;
  std::string problem_;
  std::string line_;  // begun
  size_t head_bytes_ = 0;
  bool has_status_ = false;
  int code_ = 0;
  bool keeps_connection_ = true;
  bool chunked_ = false;
  std::optional<uint64_t> length_;
  uint64_t left_ = 0;  // of the body or of the chunk
  uint64_t body_bytes_ = 0;
  std::string header_;
};

}  // namespace evenkeel::coordinator
