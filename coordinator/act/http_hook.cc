#include "coordinator/act/http_hook.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "coordinator/act/hook_words.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestBody = 64 << 10;
constexpr absl::Duration kLookAgain = absl::Milliseconds(50);  // whether it is still wanted
constexpr char kNotWanted[] = "ended: it is not wanted any more";

constexpr int kRequestTimeout = 408;
constexpr int kTooManyRequests = 429;
constexpr int kServerErrors = 500;

bool IsWorthATry(const absl::StatusOr<http::Response>& response) {
  // The client is going away, or the request itself is wrong.
  if (!response.ok()) {
    return !absl::IsCancelled(response.status()) && !absl::IsInvalidArgument(response.status());
  }
  return response->code == kRequestTimeout || response->code == kTooManyRequests ||
         response->code >= kServerErrors;
}

std::shared_ptr<const http::Tls> TlsWith(const std::string& ca_pem) {
  auto tls = std::make_shared<http::Tls>();
  tls->ca_pem = ca_pem;
  return tls;
}

}  // namespace

// One question with all its tries. All of it runs on the client's thread, which ends before the hook does.
struct HttpHook::Question : std::enable_shared_from_this<HttpHook::Question> {
  Question(HttpHook& hook_in, std::string url_in, std::string json_in, StillWanted wanted_in,
           AnswerDone done_in)
      : hook(hook_in),
        url(std::move(url_in)),
        json(std::move(json_in)),
        wanted(std::move(wanted_in)),
        done(std::move(done_in)) {}

  void Try();
  void Watch();
  void OnAnswer(const absl::StatusOr<http::Response>& response);

  HttpHook& hook;
  const std::string url;
  const std::string json;
  const StillWanted wanted;
  const AnswerDone done;
  int failures = 0;
  bool under_way = false;
  http::Call call;
};

void HttpHook::Question::Try() {
  if (!wanted()) return done({ActionOutcome::kRefused, kNotWanted});
  under_way = true;
  call = hook.client_.Start({.method = "POST",
                             .url = url,
                             .headers = {{"Content-Type", "application/json"}},
                             .body = json,
                             .tls = hook.tls_,
                             .deadline = hook.options_.deadline,
                             .max_body_bytes = kLongestBody},
                            [self = shared_from_this()](const absl::StatusOr<http::Response>& response) {
                              self->OnAnswer(response);
                            });
  Watch();
}

void HttpHook::Question::Watch() {
  hook.client_.After(kLookAgain, [self = shared_from_this()] {
    if (!self->under_way) return;
    if (!self->wanted()) return self->call.Cancel();
    self->Watch();
  });
}

void HttpHook::Question::OnAnswer(const absl::StatusOr<http::Response>& response) {
  under_way = false;
  if (response.ok() && response->code >= 200 && response->code < 300) {
    return done(
        {ActionOutcome::kDone, WithHookWords(absl::StrCat("it answered ", response->code), response->body)});
  }
  if (!wanted()) return done({ActionOutcome::kRefused, kNotWanted});
  std::string why = response.ok()
                        ? WithHookWords(absl::StrCat("it answered ", response->code), response->body)
                        : std::string(response.status().message());
  if (IsWorthATry(response) && ++failures < hook.options_.tries) {
    const absl::Duration pause = time::Backoff(hook.options_.pause, failures, base::RandomUnit());
    hook.client_.After(pause, [self = shared_from_this()] { self->Try(); });
    return;
  }
  if (failures > 1) absl::StrAppend(&why, " (tried ", failures, " times)");
  done({ActionOutcome::kRefused, std::move(why)});
}

HttpHook::HttpHook(Options options)
    : options_(std::move(options)),
      tls_(TlsWith(options_.ca_pem)),
      client_(http::Client::Options{
          .name = options_.name, .max_in_flight = options_.at_once, .max_queued = options_.most_waiting}) {}

HttpHook::~HttpHook() = default;

void HttpHook::Ask(std::string url, std::string json, StillWanted wanted, AnswerDone done) {
  const auto question =
      std::make_shared<Question>(*this, std::move(url), std::move(json), std::move(wanted), std::move(done));
  client_.Post([question] { question->Try(); });
}

}  // namespace evenkeel::coordinator
