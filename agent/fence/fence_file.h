#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/fence/fence_state.h"

namespace evenkeel::agent {

// The content of that file: one line of the head, then the settings and what is held, both as they go over
// the wire:
//   evenkeel-fence 1 BOOT_ID HEARD_NS ARMED FENCED FENCED_SINCE_NS SETTINGS_BYTES
std::string EncodeFence(const FenceState::Kept& kept, absl::string_view boot_id);
// Nothing: it is of another boot. DATA_LOSS when it cannot be understood.
absl::StatusOr<std::optional<FenceState::Kept>> DecodeFence(absl::string_view text,
                                                            absl::string_view boot_id);

// What an agent leaves to the one that comes after it in the same boot: a file in a folder of the host that
// is gone with the boot (a tmpfs, as /run), so that writing it can neither hang nor wear anything out.
class FenceFile {
 public:
  // `boot_id` is that of this boot; what another boot left is nothing.
  FenceFile(const std::string& folder, std::string boot_id);

  // Nothing: there is none of this boot. DATA_LOSS when it cannot be understood.
  absl::StatusOr<std::optional<FenceState::Kept>> Read() const;
  // The whole file or none of it is there afterwards.
  absl::Status Write(const FenceState::Kept& kept) const;
  void Remove() const;

 private:
  const std::string path_;
  const std::string boot_id_;
};

}  // namespace evenkeel::agent
