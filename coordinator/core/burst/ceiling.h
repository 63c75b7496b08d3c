// How many replicas a workload may have while a burst is capped (L9). A valve cannot choose whom it lets
// through, so what does not fit under the caps must not be asked for: pods that nobody may take would wait
// for ever, and keep those out that may.
//
// Our count of room is an estimate, and takes nothing that runs: fewer than there are may be only by those
// that the scheduler finds no room for and, when the burst's time or money is used up, by those on virtual
// nodes, and of both only by those that go before any that is to stay. Pure.
#pragma once

#include <cstdint>

namespace evenkeel::coordinator {

struct CeilingSight {
  int64_t current = 0;     // replicas that are asked for now
  int64_t on_real = 0;     // its pods that are bound to real nodes and not going
  int64_t on_virtual = 0;  // the same of virtual nodes
  // Of those, the ones that go before any on a real node when there are to be fewer: a controller that
  // chooses by ordinal would otherwise take real pods, one after the other, and the virtual ones be left.
  int64_t virtual_go_first = 0;
  // Its pods for which the scheduler finds no room on real nodes: that is believed before our own count.
  int64_t pressing = 0;
  // Of those, the ones that go before any that runs and is to stay when there are to be fewer: the same.
  int64_t pressing_go_first = 0;
  int64_t room = 0;      // pods of it that real nodes have room for, by our count
  int64_t allowed = 0;   // more pods of it that the caps let go to virtual nodes
  bool used_up = false;  // the burst's time or money: what may go from virtual nodes goes
  bool operator==(const CeilingSight&) const = default;
};

int64_t CeilingFor(const CeilingSight& sight);

}  // namespace evenkeel::coordinator
