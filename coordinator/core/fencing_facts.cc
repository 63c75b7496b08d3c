#include "coordinator/core/fencing_facts.h"

#include <algorithm>

namespace evenkeel::coordinator {

bool FenceProof::Covers(const std::string& uid) const {
  return method != FenceMethod::kSelf || std::find(pods.begin(), pods.end(), uid) != pods.end();
}

}  // namespace evenkeel::coordinator
