// Where nodes of other clusters can be expected to reach a cluster's API, as far as our own way there tells.
#pragma once

#include <optional>
#include <string>

#include "common/base/ip_port.h"

namespace evenkeel::coordinator {

// `server`: of a kubeconfig, "https://10.0.0.1:6443". None: it is a name, which agents do not look up, or an
// address of this machine.
std::optional<base::IpPort> ApiWay(const std::string& server);

}  // namespace evenkeel::coordinator
