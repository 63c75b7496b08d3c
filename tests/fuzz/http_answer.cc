// Answers of whoever stands behind a gateway. However the bytes are cut into pieces, the answer is the same.
//
// The input: a byte that tells how long the pieces are, then the answer.
#include "coordinator/prober/http_answer.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  using coordinator::HttpAnswer;
  std::string_view input = fuzz::Text(data, size);
  const size_t piece = fuzz::TakeByte(input) + size_t{1};
  HttpAnswer whole("x-backend");
  const size_t taken = whole.Feed({input.data(), input.size()});
  EVENKEEL_CHECK(taken <= input.size() && whole.body_bytes() <= input.size()) << "more than there was";
  HttpAnswer pieces("x-backend");
  size_t fed = 0;
  while (fed < input.size() && pieces.state() == HttpAnswer::State::kReading) {
    const std::string_view next = input.substr(fed, piece);
    fed += pieces.Feed({next.data(), next.size()});
  }
  EVENKEEL_CHECK(pieces.state() == whole.state() && pieces.body_bytes() == whole.body_bytes() &&
                 pieces.code() == whole.code() && pieces.header() == whole.header())
      << "another answer in pieces of " << piece;
  EVENKEEL_CHECK(whole.state() != HttpAnswer::State::kWhole || fed == taken) << "another end";
  whole.End();
  EVENKEEL_CHECK(whole.state() != HttpAnswer::State::kReading) << "it goes on after its end";
  return 0;
}
