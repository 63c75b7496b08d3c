// What a ConfigMap or Secret holds, as a hash by which two of them can be told apart and nothing else: it is
// keyed (HMAC-SHA-256) with bytes that are made anew at each start and written down nowhere, so that whoever
// has the hash cannot find out by trying what a weak password is.
#pragma once

#include <string>
#include <utility>

#include "common/kube/kubernetes_api.h"

namespace evenkeel::coordinator {

class SettingsHash {
 public:
  explicit SettingsHash(std::string key) : key_(std::move(key)) {}
  // With the key that all clusters of this process share.
  static const SettingsHash& OfThisProcess();

  // 32 hexadecimal digits, of its `data` and `binaryData`; the same for the same in whatever order.
  std::string Of(const kube::Json& object) const;

 private:
  const std::string key_;
};

}  // namespace evenkeel::coordinator
