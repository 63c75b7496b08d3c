#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

namespace evenkeel::cli {

// The documents of a YAML text, in order. Throws YAML::Exception with the place where it is not YAML.
//
// yaml-cpp's own LoadAll makes documents without end of what begins with a token that begins nothing, as
// ",a: 1": it is refused here.
std::vector<YAML::Node> YamlDocuments(const std::string& text);

}  // namespace evenkeel::cli
