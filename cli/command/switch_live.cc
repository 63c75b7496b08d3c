#include <algorithm>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/command/switch.h"
#include "cli/print/structured.h"
#include "cli/print/text.h"
#include "cli/show/switches.h"
#include "common/base/random.h"
#include "common/time/backoff.h"

namespace evenkeel::cli {
namespace {

// What is news to somebody who reads a log: not the figures, which change four times a second.
std::string NewsOf(const v1::Switch& one) {
  std::string news = absl::StrCat(one.phase(), "/", one.step(), "/", one.stop_cause(), "/", one.stop_reason(),
                                  "/", one.end(), "/", one.drained(), "/", one.ledger().lost_size());
  for (const v1::GateAnswer& gate : one.gates()) {
    if (gate.verdict() == v1::GateAnswer::VERDICT_FAIL) absl::StrAppend(&news, "/", gate.gate());
  }
  return news;
}

// Shows one tree after the other.
class LivePicture {
 public:
  LivePicture(const Host& host, const std::string& output) : host_(host), output_(output) {}

  void Show(const v1::Switch& one) {
    if (output_ == "json") {
      PrintJson(*host_.out, ToObject(one));
    } else if (output_ == "yaml") {
      if (shown_) *host_.out << "---\n";
      PrintYaml(*host_.out, ToObject(one));
    } else if (MovesCursor(host_)) {
      Draw(SwitchTree(one, host_.now()));
    } else {
      const std::string news = NewsOf(one);
      if (shown_ && news == news_) return;
      *host_.out << (shown_ ? "\n" : "") << SwitchTree(one, host_.now());
      news_ = news;
    }
    shown_ = true;
    host_.out->flush();
  }

 private:
  // In place of the last one. Lines are cut at the margin meanwhile: one that was wrapped would not be
  // overwritten whole.
  void Draw(const std::string& tree) {
    if (lines_ > 0) *host_.out << "\033[" << lines_ << "A\033[J";
    *host_.out << "\033[?7l" << tree << "\033[?7h";
    lines_ = std::count(tree.begin(), tree.end(), '\n');
  }

  const Host& host_;
  const std::string& output_;
  bool shown_ = false;
  std::string news_;
  std::ptrdiff_t lines_ = 0;
};

}  // namespace

absl::StatusOr<v1::Switch> WatchUntilEnded(Context& context, const std::string& name,
                                           const std::string& output) {
  LivePicture picture(context.host, output);
  v1::Switch last;
  std::string watched = name;
  for (int failures = 0;;) {
    const absl::Status status = context.client.WatchSwitch(watched, [&](const v1::Switch& one) {
      failures = 0;
      last = one;
      // Another one of this name may follow it; this one's decision is its alone.
      watched = absl::StrCat("switches/", LastSegment(one.decision()));
      picture.Show(one);
      return !one.has_end_time();
    });
    if (status.ok()) return last;
    if (!IsPassing(status)) return status;
    if (!absl::IsDeadlineExceeded(status)) {
      *context.host.err << "the watch was cut, trying again: " << Printable(status.message()) << std::endl;
    }
    context.host.sleep(time::Backoff({.initial = absl::Milliseconds(250)}, ++failures, base::RandomUnit()));
  }
}

}  // namespace evenkeel::cli
