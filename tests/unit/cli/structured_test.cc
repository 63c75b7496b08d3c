#include "cli/print/structured.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

#include "evenkeel/v1/decision.pb.h"

namespace evenkeel::cli {
namespace {

// Proves that a resource's JSON is the API's own, so that a `kind` of the API's is not taken for another.
TEST(Structured, ResourcesAreTheApisJson) {
  v1::Decision decision;
  decision.set_name("decisions/3-7");
  decision.set_kind(v1::Decision::KIND_FAILOVER);
  decision.set_node_uid("u");
  std::ostringstream out;
  PrintJson(out, ToObject(decision));
  EXPECT_EQ(
      out.str(),
      "{\n    \"name\": \"decisions/3-7\",\n    \"kind\": \"KIND_FAILOVER\",\n    \"nodeUid\": \"u\"\n}\n");
}

// Proves that text which YAML would read as something else comes back as text.
TEST(Structured, YamlTextStaysText) {
  const std::vector<std::string> texts{"true",       "No",     "null", "~",         "1.5",       "0x1F",
                                       "2026-01-01", "a: b",   "- x",  "",          "plain",     "a #b",
                                       "trailing ",  "*alias", "@x",   "key=value", "line\nfeed"};
  nlohmann::ordered_json object;
  for (const std::string& text : texts) object["list"].push_back(text);
  object["true"] = 1;
  std::ostringstream out;
  PrintYaml(out, object);
  const YAML::Node back = YAML::Load(out.str());
  ASSERT_EQ(back["list"].size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(back["list"][i].as<std::string>(), texts[i]);
    // "?" is the tag of what is plain, "!" of what is quoted.
    EXPECT_EQ(back["list"][i].Tag(), texts[i] == "plain" ? "?" : "!") << texts[i];
  }
}

}  // namespace
}  // namespace evenkeel::cli
