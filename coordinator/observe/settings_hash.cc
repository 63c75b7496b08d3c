#include "coordinator/observe/settings_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "common/base/check.h"
#include "common/kube/json.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kHashBytes = 16;

std::string RandomKey() {
  std::array<unsigned char, kKeyBytes> bytes;
  EVENKEEL_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1) << "no random bytes";
  return {bytes.begin(), bytes.end()};
}

}  // namespace

const SettingsHash& SettingsHash::OfThisProcess() {
  static const auto* const hash = new SettingsHash(RandomKey());
  return *hash;
}

std::string SettingsHash::Of(const kube::Json& object) const {
  kube::Json held = kube::Json::object();
  for (const char* part : {"binaryData", "data"}) {
    const kube::Json* const found = kube::Find(object, {part});
    if (found != nullptr && found->is_object() && !found->empty()) held[part] = *found;
  }
  std::string text = kube::ToText(held);  // keys are in order
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned int size = 0;
  const auto* const made =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data(), &size);
  EVENKEEL_CHECK(made != nullptr && size >= kHashBytes) << "OpenSSL has no HMAC-SHA-256";
  OPENSSL_cleanse(text.data(), text.size());
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash.data()), kHashBytes));
}

}  // namespace evenkeel::coordinator
