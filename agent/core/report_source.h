#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::agent {

// Where the session takes what is to be sent. Any thread may call; nothing blocks.
class ReportSource {
 public:
  // A report, and its number in the session, by which its arrival is confirmed.
  struct Numbered {
    v1::Report report;
    uint64_t number = 0;
  };

  virtual ~ReportSource() = default;

  // Something is worth a report.
  virtual bool HasNews() const = 0;
  // All that is known, for the first report of a session; number 1.
  virtual Numbered TakeAll(absl::Time now) = 0;
  // What changed since the report before; the next number.
  virtual Numbered TakeChanges(absl::Time now) = 0;
  // All reports of this session up to `number` have arrived.
  virtual void Confirm(uint64_t number) = 0;
  // Whose CPU the coordinator wants closely (SampleClosely), in place of those before. The session begins
  // with nobody.
  virtual void SampleClosely(const std::vector<std::string>& pod_uids) = 0;
  // Of those something is worth a report that does not wait for the next beat.
  virtual bool HasUrgentNews() const = 0;
  // `wake` is called by whoever brings urgent news, under a lock: it must neither block nor call back. Null:
  // nobody is woken any more, from the return of this call on.
  virtual void WakeOnUrgentNews(std::function<void()> wake) = 0;
};

}  // namespace evenkeel::agent
