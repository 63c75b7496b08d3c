// A kubeconfig.
#include "common/kube/cluster_config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace evenkeel;
  static fuzz::MemoryFile file;
  file.Set(fuzz::Text(data, size));
  const auto config = kube::LoadKubeconfig(file.path());
  if (!config.ok()) {
    EVENKEEL_CHECK(!config.status().message().empty()) << "refused without a reason";
    return 0;
  }
  EVENKEEL_CHECK(config->server.starts_with("https://")) << config->server;
  EVENKEEL_CHECK(config->tls != nullptr);
  EVENKEEL_CHECK(config->token.empty() || config->token_file.empty()) << "two tokens";
  EVENKEEL_CHECK(config->tls->client_certificate_pem.empty() == config->tls->client_key_pem.empty())
      << "half a client certificate";
  return 0;
}
