#include "common/tls/certificate_subject.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>

namespace evenkeel::tls {
namespace {

std::vector<std::string> Parts(const X509_NAME* subject, int part) {
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(subject, part, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, part, at)) {
    unsigned char* utf8 = nullptr;
    const int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length < 0) continue;
    values.emplace_back(reinterpret_cast<const char*>(utf8), static_cast<size_t>(length));
    OPENSSL_free(utf8);
  }
  return values;
}

// An encrypted file needs a passphrase that nobody has; without this OpenSSL would ask at the terminal for
// it.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) {
  return -1;
}

}  // namespace

std::optional<CertificateSubject> SubjectOf(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, &NoPassphrase, nullptr), &X509_free);
  if (certificate == nullptr) return std::nullopt;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  return CertificateSubject{.organisations = Parts(subject, NID_organizationName),
                            .common_names = Parts(subject, NID_commonName)};
}

}  // namespace evenkeel::tls
