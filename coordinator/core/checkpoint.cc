// The core's whole state as bytes, and back: where a replay begins that does not begin with a start of the
// coordinator. No field is named here (common/base/bytes_of.h), so that none can be forgotten.

#include <utility>

#include "common/base/bytes_of.h"
#include "coordinator/core/core.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

Core::Core(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::string Core::Checkpoint() const {
  return base::BytesOf(*state_);
}

absl::StatusOr<std::unique_ptr<Core>> Core::FromCheckpoint(std::string_view bytes) {
  auto state = std::make_unique<State>();
  if (!base::FromBytes(bytes, *state)) {
    return absl::DataLossError(
        "a checkpoint of the core cannot be read: it is damaged, or another version made it");
  }
  return std::unique_ptr<Core>(new Core(std::move(state)));
}

uint64_t Core::CheckpointShape() {
  // FNV-1a.
  uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : base::ShapeOf<State>()) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace evenkeel::coordinator
