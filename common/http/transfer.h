#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/request.h"
#include "common/http/timers.h"

namespace evenkeel::http {

// One request and its answer, around one libcurl easy handle. Made on any thread, then used on the client's
// only.
class Transfer {
 public:
  using Done = std::function<void(absl::StatusOr<Response>)>;
  using OnChunk = std::function<void(absl::string_view)>;

  // `on_chunk` empty: the body is gathered.
  Transfer(std::uint64_t id, Request request, OnChunk on_chunk, Done done);
  ~Transfer() = default;

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Makes the easy handle, ready to be added to a multi handle.
  absl::Status Prepare(absl::Duration peer_silence);

  // What libcurl's end of the transfer means.
  absl::StatusOr<Response> Result(CURLcode code);

  // "GET https://10.0.0.1:10250/pods", for messages; without the query.
  std::string Describe() const;

  std::uint64_t id() const { return id_; }
  const Request& request() const { return request_; }
  CURL* easy() const { return easy_.get(); }
  const Done& done() const { return done_; }
  std::chrono::steady_clock::time_point last_byte() const { return last_byte_; }

  // From now on no chunk is handed out.
  void Mute() { muted_ = true; }

  // Belong to the client.
  Timers::Id deadline_timer = 0;
  Timers::Id idle_timer = 0;
  bool in_flight = false;

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, ListDeleter>;

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static int OnSocket(void* self, curl_socket_t socket, curlsocktype purpose);
  bool Accepted() const;
  bool TakeBody(absl::string_view data);
  absl::Status PrepareHeaders();
  absl::Status PrepareTls();
  absl::Status PrepareServerName();
  absl::Status Failure(CURLcode code) const;

  const std::uint64_t id_;
  const Request request_;
  const OnChunk on_chunk_;
  const Done done_;

  // Destroyed in reverse: the handle before the lists it points at.
  List headers_;
  List connect_to_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  int peer_silence_seconds_ = 0;
  std::unique_ptr<CURL, EasyDeleter> easy_;

  std::string body_;
  std::chrono::steady_clock::time_point last_byte_;
  bool muted_ = false;
  bool too_large_ = false;
};

}  // namespace evenkeel::http
