#include "coordinator/act/kubelet_way.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/kube/status.h"

namespace evenkeel::coordinator {
namespace {

// In the words of Go's net package and of the kubelet, as the API server hands them on.
constexpr const char* kFromANodeThatLives[] = {
    "connection refused", "connection reset by peer", "x509:", "tls: ", "waiting to start", "terminated"};
constexpr const char* kNothingCame[] = {"i/o timeout", "no route to host", "deadline exceeded",
                                        "TLS handshake timeout", "Client.Timeout"};

template <size_t size>
bool Contains(absl::string_view text, const char* const (&words)[size]) {
  return std::any_of(std::begin(words), std::end(words),
                     [text](const char* word) { return absl::StrContains(text, word); });
}

}  // namespace

KubeletFinding FindKubelet(const absl::Status& answer) {
  if (answer.ok()) return {KubeletWay::kAnswered, "it has read a log from it"};
  const std::string text(answer.message());
  const int code = kube::HttpCode(answer);
  if (code == 0 && absl::IsDeadlineExceeded(answer)) {
    return {KubeletWay::kNoAnswer, "no log came in time"};
  }
  if (code >= 500 && Contains(text, kNothingCame)) return {KubeletWay::kNoAnswer, text};
  if ((code >= 500 || code == 400) && Contains(text, kFromANodeThatLives)) {
    return {KubeletWay::kAnswered, text};
  }
  return {KubeletWay::kNotTried, text};
}

}  // namespace evenkeel::coordinator
