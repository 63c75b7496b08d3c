#include "common/kube/reviews.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/kube/json.h"

namespace evenkeel::kube {
namespace {

// As the kubelet's tokens carry them: of the pod that a token was made for.
constexpr char kPodNameKey[] = "authentication.kubernetes.io/pod-name";
constexpr char kPodUidKey[] = "authentication.kubernetes.io/pod-uid";

bool IsTrue(const Json& object, std::initializer_list<absl::string_view> path) {
  const Json* const value = Find(object, path);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::vector<std::string> Texts(const Json* array) {
  std::vector<std::string> texts;
  if (array == nullptr || !array->is_array()) return texts;
  for (const Json& item : *array) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::string First(const std::map<std::string, std::vector<std::string>>& extra, const char* key) {
  const auto found = extra.find(key);
  return found != extra.end() && !found->second.empty() ? found->second.front() : std::string();
}

// The digits at the front.
bool ReadNumber(const std::string& text, int& number) {
  const auto end = std::find_if_not(text.begin(), text.end(), absl::ascii_isdigit);
  return absl::SimpleAtoi(std::string(text.begin(), end), &number);
}

}  // namespace

std::string TokenReview::PodName() const {
  return First(extra, kPodNameKey);
}
std::string TokenReview::PodUid() const {
  return First(extra, kPodUidKey);
}

Json TokenReviewBody(const std::string& token, const std::vector<std::string>& audiences) {
  Json spec = {{"token", token}};
  if (!audiences.empty()) spec["audiences"] = audiences;
  return {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", std::move(spec)}};
}

TokenReview ReadTokenReview(const Json& answer, const std::vector<std::string>& audiences) {
  TokenReview review;
  review.authenticated = IsTrue(answer, {"status", "authenticated"});
  review.error = Text(answer, {"status", "error"});
  review.username = Text(answer, {"status", "user", "username"});
  review.uid = Text(answer, {"status", "user", "uid"});
  review.groups = Texts(Find(answer, {"status", "user", "groups"}));
  if (const Json* extra = Find(answer, {"status", "user", "extra"}); extra != nullptr && extra->is_object()) {
    for (const auto& [key, values] : extra->items()) review.extra[key] = Texts(&values);
  }
  for (std::string& audience : Texts(Find(answer, {"status", "audiences"}))) {
    const bool asked = std::find(audiences.begin(), audiences.end(), audience) != audiences.end();
    if (asked || audiences.empty()) review.audiences.push_back(std::move(audience));
  }
  if (review.authenticated && !audiences.empty() && review.audiences.empty()) {
    review.authenticated = false;
    review.error = absl::StrCat("the token is not for ", absl::StrJoin(audiences, " or "));
  }
  if (!review.authenticated && review.error.empty()) review.error = "the API server does not know the token";
  return review;
}

Json AccessReviewBody(const AccessQuestion& question) {
  Json attributes = {{"verb", question.verb}, {"group", question.group}, {"resource", question.resource}};
  if (!question.subresource.empty()) attributes["subresource"] = question.subresource;
  if (!question.name_space.empty()) attributes["namespace"] = question.name_space;
  if (!question.name.empty()) attributes["name"] = question.name;
  Json spec = {{"user", question.username}, {"resourceAttributes", std::move(attributes)}};
  if (!question.uid.empty()) spec["uid"] = question.uid;
  if (!question.groups.empty()) spec["groups"] = question.groups;
  if (!question.extra.empty()) spec["extra"] = question.extra;
  return {
      {"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SubjectAccessReview"}, {"spec", std::move(spec)}};
}

AccessAnswer ReadAccessReview(const Json& answer) {
  // A denial overrides; evaluation errors leave `allowed` false.
  AccessAnswer read;
  read.allowed = IsTrue(answer, {"status", "allowed"}) && !IsTrue(answer, {"status", "denied"});
  read.reason = Text(answer, {"status", "reason"});
  if (!read.allowed && read.reason.empty()) read.reason = Text(answer, {"status", "evaluationError"});
  return read;
}

absl::StatusOr<ServerVersion> ReadServerVersion(const Json& answer) {
  ServerVersion version;
  version.git_version = Text(answer, {"gitVersion"});
  if (!ReadNumber(Text(answer, {"major"}), version.major) ||
      !ReadNumber(Text(answer, {"minor"}), version.minor)) {
    return absl::InternalError(absl::StrCat("the API server's version cannot be read: ", ToText(answer)));
  }
  return version;
}

}  // namespace evenkeel::kube
