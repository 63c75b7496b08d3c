// Answers of the API server, or of a proxy before it: objects, reviews, failures.
//
// The input: two bytes that make the HTTP code, then the body.
#include "common/kube/json.h"
#include "common/kube/reviews.h"
#include "common/kube/status.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  std::string_view input = fuzz::Text(data, size);
  const int code = fuzz::TakeByte(input) * 256 + fuzz::TakeByte(input);
  const absl::string_view body(input.data(), input.size());

  const absl::Status failure = kube::StatusFromHttp(code, body, std::nullopt);
  EVENKEEL_CHECK(!failure.ok() && kube::HttpCode(failure) == code) << failure;
  // It becomes part of decisions, which are stored and shown.
  EVENKEEL_CHECK(fuzz::IsUtf8({failure.message().data(), failure.message().size()})) << failure;
  EVENKEEL_CHECK(failure.message().size() < 4096) << "a message of " << failure.message().size() << " bytes";
  if (const auto retry_after = kube::RetryAfter(failure)) {
    EVENKEEL_CHECK(*retry_after > absl::ZeroDuration()) << *retry_after;
  }

  const auto object = kube::ParseObject(body);
  if (!object.ok()) return 0;
  (void)kube::NameOf(*object).ToString();
  (void)kube::UidOf(*object);
  (void)kube::ResourceVersionOf(*object);
  (void)kube::ToText(*object);
  (void)kube::ReadServerVersion(*object);
  const kube::TokenReview review = kube::ReadTokenReview(*object, {"evenkeel.dev"});
  EVENKEEL_CHECK(!review.authenticated || review.audiences.size() == 1) << "a token for others";
  EVENKEEL_CHECK(review.authenticated || !review.error.empty()) << "refused without a reason";
  (void)review.PodName();
  (void)kube::ReadAccessReview(*object);
  return 0;
}
