// The command's configuration file.
#include "cli/config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  static fuzz::MemoryFile file;
  file.Set(fuzz::Text(data, size));
  const cli::Host host{.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "EVENKEEL_CONFIG") return file.path();
    return std::nullopt;
  }};
  for (const char* context : {"", "east"}) {
    const auto settings = cli::LoadSettings(host, context, {});
    if (!settings.ok()) {
      EVENKEEL_CHECK(!settings.status().message().empty()) << "refused without a reason";
      continue;
    }
    EVENKEEL_CHECK(settings->client_certificate.empty() == settings->client_key.empty())
        << "half a client certificate";
  }
  return 0;
}
