#include "coordinator/act/gate_hook.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/utf8.h"

namespace evenkeel::coordinator {
namespace {

// The first line without the word that was the answer.
std::string Reason(absl::string_view body, absl::string_view word) {
  body.remove_prefix(word.size());
  body = body.substr(0, body.find('\n'));
  body = absl::StripLeadingAsciiWhitespace(absl::StripPrefix(absl::StripLeadingAsciiWhitespace(body), ":"));
  const std::string line(absl::StripAsciiWhitespace(body.substr(0, kLongestHookReason)));
  return line.empty() ? absl::StrCat("it says ", word) : base::ValidUtf8(line);
}

}  // namespace

HookAnswered ReadHookAnswer(const DecisionId& decision, const GateHook& hook,
                            const absl::StatusOr<http::Response>& response) {
  HookAnswered answer{
      .decision = decision, .hook = hook.name, .verdict = GateVerdict::kInconclusive, .detail = ""};
  if (!response.ok()) {
    answer.detail = std::string(response.status().message());
    return answer;
  }
  if (response->code != 200) {
    answer.detail = absl::StrCat("it answered with status ", response->code);
    return answer;
  }
  const absl::string_view body = absl::StripLeadingAsciiWhitespace(response->body);
  if (absl::StartsWithIgnoreCase(body, "pass")) {
    answer.verdict = GateVerdict::kPass;
    answer.detail = Reason(body, "pass");
  } else if (absl::StartsWithIgnoreCase(body, "fail")) {
    answer.verdict = GateVerdict::kFail;
    answer.detail = Reason(body, "fail");
  } else {
    answer.detail = "it answered neither pass nor fail";
  }
  return answer;
}

GateHooks::GateHooks(http::Client& client, std::function<void(HookAnswered)> tell, const std::string& ca_pem)
    : client_(client),
      tell_(std::move(tell)),
      tls_(ca_pem.empty() ? nullptr : std::make_shared<const http::Tls>(http::Tls{.ca_pem = ca_pem})) {}

void GateHooks::Ask(const AskHook& question) {
  http::Request request;
  request.url = question.hook.url;
  request.tls = tls_;
  request.deadline = question.hook.timeout;
  request.connect_timeout = question.hook.timeout;
  request.max_body_bytes = kLongestHookBody;
  request.headers = {{"Accept", "text/plain"}, {"Evenkeel-Decision", question.decision.ToString()}};
  client_.Start(std::move(request), [tell = tell_, question](const absl::StatusOr<http::Response>& response) {
    tell(ReadHookAnswer(question.decision, question.hook, response));
  });
}

}  // namespace evenkeel::coordinator
