#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/store/history.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

// What a commit can meet.
enum class CommitFault { kSyncFails, kDiskIsFull };

// What survives a process: stores are opened on it, one after the other or several at once.
class Medium {
 public:
  virtual ~Medium() = default;
  virtual std::unique_ptr<StateStore> NewStore(HistoryBounds bounds) = 0;
  // The process ends in good order; stores made before are gone already.
  virtual void Restart() = 0;
  // The machine loses its power while `store`, the only one, is open, and starts again: what was not durable
  // is gone.
  virtual void LosePower(std::unique_ptr<StateStore> store) = 0;
  // The next commit meets `fault`; until the next LosePower. False: this medium has no such faults.
  virtual bool Arrange(CommitFault /*fault*/) { return false; }
  // False: decisions stay for ever, as where a story is over before they could be too many.
  virtual bool BoundsHistory() const { return true; }
};

struct Engine {
  std::string name;
  std::function<std::unique_ptr<Medium>()> make;
};

// Every StateStore there is. A new one is one line more.
std::vector<Engine> Engines();

}  // namespace evenkeel::coordinator
