// The body of the one loop around the core, without a thread: a turn is Step, Commit and Release, in this
// order. They are three calls, so that whoever turns the loop sees what happens between them: the runtime
// measures it there, and the simulator lets the process die there.
//
// One thread. The clock is asked before every step of the core and nowhere else.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "coordinator/core/core.h"
#include "coordinator/runtime/outlet.h"
#include "coordinator/store/recorder.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

class Loop {
 public:
  // `store` is open already and gave `restored`. `recorder`, which may be null, is told each turn at the end
  // of its release. All but `restored` outlive the loop.
  Loop(const Restored& restored, StateStore& store, Outlet& outlet, const time::Clock& clock,
       Recorder* recorder = nullptr);

  // A turn that lasts longer than this from its steps to its release has slept, or waited for its disk, while
  // the world went on. It is as late as what the core takes for its own standing still.
  static constexpr absl::Duration kLongestTurn = absl::Milliseconds(500);

  // When the loop must be turned, with or without events: when the core wants its next Tick, or at once.
  absl::Time NextDeadline() const { return held_back_.empty() ? core_.NextDeadline() : absl::InfinitePast(); }

  // Steps the core once for each event, then once more if its deadline has come.
  void Step(const std::vector<Event>& events);

  // Makes all that these steps write durable with one commit (group commit); none where they write nothing.
  // Not OK: what is on the disk is no longer known, and neither Release nor another turn may follow (L3).
  absl::Status Commit();

  // Hands out what these steps ask for, in their order. Actions that come later than kLongestTurn after their
  // step are held back (L2): the core hears in the next turn that it is not known what became of them, and
  // judges again.
  void Release();

  // The turn has something to make durable.
  bool writes() const { return !writes_.empty(); }

 private:
  enum class Next { kStep, kCommit, kRelease, kNothing };

  Loop(absl::Time now, const Restored& restored, StateStore& store, Outlet& outlet, const time::Clock& clock,
       Recorder* recorder);
  void Step(const Event& event, absl::Time now);
  void Record();

  Core core_;
  StateStore& store_;
  Outlet& outlet_;
  const time::Clock& clock_;
  Recorder* const recorder_;
  Next next_ = Next::kStep;
  absl::Time stepped_;
  std::vector<Event> held_back_;  // what the core is told of actions that came too late
  std::vector<Effects> steps_;
  std::vector<Write> writes_;
  std::vector<RecordedStep> recorded_;
};

}  // namespace evenkeel::coordinator
