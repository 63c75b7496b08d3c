#include "coordinator/core/storm.h"

#include <utility>

namespace evenkeel::coordinator {

void NoteStorm(Turn& turn, Cluster& cluster, std::string reason) {
  cluster.record.storm = turn.now;
  cluster.record.storm_reason = std::move(reason);
  turn.RecordChanged(cluster);
}

}  // namespace evenkeel::coordinator
