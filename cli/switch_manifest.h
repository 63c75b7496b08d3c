#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "evenkeel/v1/switch.pb.h"

// A switch as people write it.
//
//   apiVersion: evenkeel.dev/v1
//   kind: Switch
//   metadata:
//     name: web
//   spec:
//     from: east
//     to: west
//     applications:
//       - {namespace: shop, service: web}
//     routes:
//       - {gateway: edge, route: "map:/etc/haproxy/web.map", blue: web-east, green: web-west}
//     steps:
//       - {percent: 10, soak: 1m}
//       - {percent: 100}
//     mode: enforce
//
// The keys of `spec` are the fields of the message evenkeel.v1.SwitchSpec (manifest_reader.h).
namespace evenkeel::cli {

struct SwitchManifest {
  std::string name;
  v1::SwitchSpec spec;
};

// The one switch in a file of that name; empty documents are passed over. INVALID_ARGUMENT that names file,
// line and field.
absl::StatusOr<SwitchManifest> ParseSwitchManifest(const std::string& text, const std::string& file);

}  // namespace evenkeel::cli
