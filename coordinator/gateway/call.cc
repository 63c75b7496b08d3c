#include "coordinator/gateway/call.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::coordinator {
namespace {

using std::chrono::steady_clock;

// Longer calls than this are as good as endless, and do not overflow.
constexpr absl::Duration kLongest = absl::Hours(1);

}  // namespace

Interrupt::Interrupt() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  EVENKEEL_CHECK(descriptor_ >= 0) << "eventfd: " << std::system_category().message(errno);
}

Interrupt::~Interrupt() {
  close(descriptor_);
}

void Interrupt::End() {
  ended_ = true;
  const uint64_t one = 1;
  const ssize_t written = write(descriptor_, &one, sizeof(one));  // full means that it was ended before
  static_cast<void>(written);
}

Call::Call(absl::Duration deadline, const Interrupt& interrupt)
    : until_(steady_clock::now() +
             absl::ToChronoNanoseconds(std::clamp(deadline, absl::ZeroDuration(), kLongest))),
      interrupt_(&interrupt) {}

Call Call::Part(absl::Duration most) const {
  Call part(most, *interrupt_);
  part.until_ = std::min(part.until_, until_);
  return part;
}

absl::Duration Call::left() const {
  return std::max(absl::ZeroDuration(), absl::FromChrono(until_ - steady_clock::now()));
}

absl::Status Call::GoOn(absl::string_view doing) const {
  if (interrupt_->ended()) return absl::CancelledError(absl::StrCat("ended while ", doing));
  if (left() > absl::ZeroDuration()) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("the time was over while ", doing));
}

absl::Status Call::Poll(int descriptor, short events, absl::string_view doing) const {
  for (;;) {
    if (absl::Status status = GoOn(doing); !status.ok()) return status;
    std::array<pollfd, 2> both = {{{.fd = interrupt_->descriptor(), .events = POLLIN, .revents = 0},
                                   {.fd = descriptor, .events = events, .revents = 0}}};
    // Rounded up: rounded down, the last millisecond would be spent asking.
    const auto milliseconds =
        static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left(), absl::Milliseconds(1))));
    const int ready = poll(both.data(), both.size(), milliseconds);
    if (ready < 0 && errno != EINTR) {
      return absl::InternalError(absl::StrCat("poll: ", std::system_category().message(errno)));
    }
    if (ready > 0 && both[0].revents == 0 && both[1].revents != 0) return absl::OkStatus();
  }
}

bool Call::Pause(absl::Duration time) const {
  const Call pause = Part(time);
  const absl::Status ended = pause.Poll(-1, 0, "waiting");
  return absl::IsDeadlineExceeded(ended) && GoOn("waiting").ok();
}

}  // namespace evenkeel::coordinator
