#include "cli/switch_manifest.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/manifest_reader.h"
#include "common/base/status.h"

namespace evenkeel::cli {

absl::StatusOr<SwitchManifest> ParseSwitchManifest(const std::string& text, const std::string& file) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::vector<YAML::Node> documents, DocumentsOf(text, file));
  SwitchManifest manifest;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const YAML::Node& root = documents[i];
    if (root.IsNull()) continue;
    const ManifestReader reader(file, i + 1, documents.size());
    EVENKEEL_RETURN_IF_ERROR(reader.CheckFrame(root, {"Switch"}));
    if (!manifest.name.empty()) {
      return reader.Wrong(root.Mark(), "document", "is another switch: a file holds one");
    }
    manifest.name = root["metadata"]["name"].Scalar();
    EVENKEEL_RETURN_IF_ERROR(reader.ParseSpec(root["spec"], "spec", manifest.spec));
  }
  if (manifest.name.empty())
    return absl::InvalidArgumentError(absl::StrCat(file, ": there is no switch in it"));
  return manifest;
}

}  // namespace evenkeel::cli
