#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::tls {

// Whom a certificate speaks for. Nothing is verified here: that is the TLS layer's work, before anybody asks.
struct CertificateSubject {
  std::vector<std::string> organisations;  // every O of the subject
  std::vector<std::string> common_names;   // every CN; a good certificate has one
};

// Nothing when `pem` holds no certificate. Of several certificates the first, which is the peer's own,
// counts.
std::optional<CertificateSubject> SubjectOf(std::string_view pem);

}  // namespace evenkeel::tls
