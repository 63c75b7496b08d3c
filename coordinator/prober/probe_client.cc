#include "coordinator/prober/probe_client.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

constexpr int kFirstError = 400;

using What = ProbeLine::Got::What;

std::string Words(absl::Duration time) {
  return absl::FormatDuration(absl::Trunc(time, absl::Milliseconds(1)));
}

}  // namespace

void ProbeClient::Begin(std::shared_ptr<const std::vector<ProbeAddress>> addresses, absl::Time now) {
  busy_ = true;
  sent_ = 0;
  began_ = heard_ = now;
  due_ = now + manner_.deadline;
  answer_.emplace(manner_.side_header);
  more_ = rests_ = false;
  DropWhatEnded();
  if (addresses_ != addresses) {
    addresses_ = std::move(addresses);
    at_ = 0;
  }
  tried_ = 0;
  if (line_ == nullptr) Connect();
  Advance(now);
  if (busy_) Watch(now);
}

void ProbeClient::Go(absl::Time now) {
  if (!busy_) return DropWhatEnded();
  more_ = rests_ = false;
  Advance(now);
  if (busy_) Watch(now);
}

// A kept connection that its server has ended, or on which it says what nobody asked for (that it has waited
// for too long), carries nothing more; no request is lost by that.
void ProbeClient::DropWhatEnded() {
  if (line_ == nullptr) return;
  char byte = 0;
  const bool open = line_->state() == ProbeLine::State::kOpen;
  if (!open || line_->Read(&byte, 1).what != What::kNothingYet) line_.reset();
}

void ProbeClient::Connect() {
  at_ %= addresses_->size();
  ++tried_;
  line_ = std::make_unique<ProbeLine>((*addresses_)[at_], tls_, manner_.host);
}

void ProbeClient::Advance(absl::Time now) {
  while (line_->state() != ProbeLine::State::kOpen) {
    const bool connected = line_->state() == ProbeLine::State::kShakingHands;
    const ProbeLine::State state = line_->Advance();
    if (state == ProbeLine::State::kOpen) break;
    if (state != ProbeLine::State::kFailed) return;
    if (connected || tried_ >= addresses_->size()) return Broke(now);
    ++at_;
    Connect();
  }
  Send(now);
  if (busy_ && sent_ > 0) Receive(now);
}

void ProbeClient::Send(absl::Time now) {
  while (sent_ < manner_.request.size()) {
    const size_t count = line_->Write(absl::string_view(manner_.request).substr(sent_));
    if (line_->state() == ProbeLine::State::kFailed) return Broke(now);
    if (count == 0) return;
    sent_ += count;
  }
}

void ProbeClient::Receive(absl::Time now) {
  std::array<char, size_t{16} << 10> buffer;
  for (size_t taken = 0; busy_ && taken < kMostBytesATurn;) {
    const ProbeLine::Got got = line_->Read(buffer.data(), buffer.size());
    switch (got.what) {
      case What::kNothingYet:
        return;
      case What::kFailure:
        return Broke(now);
      case What::kEnd:
        answer_->End();
        return Take("", now);
      case What::kBytes:
        taken += got.bytes;
        heard_ = now;
        Take(absl::string_view(buffer.data(), got.bytes), now);
    }
  }
  more_ = busy_;
}

void ProbeClient::Take(absl::string_view bytes, absl::Time now) {
  const size_t taken = answer_->Feed(bytes);
  if (answer_->state() == HttpAnswer::State::kBroken) {
    return End(absl::StrCat(answer_->problem(), ", after ", Words(now - began_)), false);
  }
  if (answer_->state() != HttpAnswer::State::kWhole) return;
  const bool clean = taken == bytes.size() && sent_ == manner_.request.size();
  End(answer_->code() >= kFirstError ? absl::StrCat("it answered with status ", answer_->code()) : "",
      manner_.keeps && clean && answer_->keeps_connection());
}

void ProbeClient::Watch(absl::Time now) {
  const bool streams = manner_.read_for > absl::ZeroDuration() && answer_->code() != 0;
  if (streams) return WatchStream(now);
  due_ = began_ + manner_.deadline;
  if (now >= due_) {
    const bool connected = line_->state() == ProbeLine::State::kOpen;
    if (!connected) ++at_;  // the next request tries another address first
    const char* const missing =
        !connected ? "no connection" : (answer_->code() == 0 ? "no answer" : "no whole answer");
    return End(absl::StrCat(missing, " within ", Words(manner_.deadline)), false);
  }
  if (more_) due_ = now;
}

void ProbeClient::WatchStream(absl::Time now) {
  if (answer_->code() >= kFirstError) {
    return End(absl::StrCat("it answered with status ", answer_->code()), false);
  }
  if (now >= began_ + manner_.read_for) return End("", false);
  if (now - heard_ >= manner_.silence) {
    return End(absl::StrCat("nothing more of the stream for ", Words(manner_.silence)), false);
  }
  due_ = std::min(began_ + manner_.read_for, heard_ + manner_.silence);
  rests_ = more_;
  if (rests_) due_ = std::min(due_, now + kRest);
}

void ProbeClient::Broke(absl::Time now) {
  End(absl::StrCat(line_->problem(), " after ", Words(now - began_)), false);
}

void ProbeClient::End(std::string problem, bool keep) {
  busy_ = false;
  due_ = absl::InfiniteFuture();
  if (!keep) line_.reset();
  end_ = {.problem = std::move(problem), .backend = answer_->header()};
}

}  // namespace evenkeel::coordinator
