#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace evenkeel::testing {

struct Identity {
  std::string certificate_pem;
  std::string key_pem;
};

struct Subject {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  int valid_days = 1;  // negative: expired
};

// A certificate authority for one test, in memory. Its certificates serve servers and clients alike.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& common_name);

  std::string certificate_pem() const;
  Identity Issue(const Subject& subject) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

// The OpenSSL objects of a PEM text, for servers that want those.
std::shared_ptr<X509> ParseCertificate(const std::string& pem);
std::shared_ptr<EVP_PKEY> ParseKey(const std::string& pem);

}  // namespace evenkeel::testing
