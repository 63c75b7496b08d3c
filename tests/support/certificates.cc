#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "common/base/check.h"

namespace evenkeel::testing {
namespace {

std::shared_ptr<EVP_PKEY> NewKey() {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  EVENKEEL_CHECK(key != nullptr) << "no key";
  return key;
}

template <typename Write>
std::string ToPem(Write write) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  EVENKEEL_CHECK(write(bio.get()) == 1) << "no PEM";
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string ToPem(X509* certificate) {
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string ToPem(EVP_PKEY* key) {
  return ToPem(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  EVENKEEL_CHECK(extension != nullptr) << "bad extension " << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void AddName(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
}

std::shared_ptr<X509> NewCertificate(EVP_PKEY* key, const Subject& subject) {
  std::shared_ptr<X509> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint64_t serial = 0;
  EVENKEEL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1)
      << "no random bytes";
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  constexpr long kDay = 24 * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), subject.valid_days < 0 ? -30 * kDay : -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), subject.valid_days * kDay);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  for (const std::string& organization : subject.organizations) AddName(name, "O", organization);
  AddName(name, "CN", subject.common_name);
  return certificate;
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& common_name)
    : key_(NewKey()), certificate_(NewCertificate(key_.get(), {.common_name = common_name})) {
  X509* const certificate = certificate_.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  EVENKEEL_CHECK(X509_sign(certificate, key_.get(), EVP_sha256()) != 0) << "not signed";
}

std::string CertificateAuthority::certificate_pem() const {
  return ToPem(certificate_.get());
}

Identity CertificateAuthority::Issue(const Subject& subject) const {
  const auto key = NewKey();
  const auto certificate = NewCertificate(key.get(), subject);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate.get(), certificate_.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  std::string names;
  for (const std::string& name : subject.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& address : subject.ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + address;
  if (!names.empty()) AddExtension(certificate.get(), certificate_.get(), NID_subject_alt_name, names);
  EVENKEEL_CHECK(X509_sign(certificate.get(), key_.get(), EVP_sha256()) != 0) << "not signed";
  return {.certificate_pem = ToPem(certificate.get()), .key_pem = ToPem(key.get())};
}

std::shared_ptr<X509> ParseCertificate(const std::string& pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                &BIO_free);
  std::shared_ptr<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  EVENKEEL_CHECK(certificate != nullptr) << "not a certificate";
  return certificate;
}

std::shared_ptr<EVP_PKEY> ParseKey(const std::string& pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                &BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr),
                                &EVP_PKEY_free);
  EVENKEEL_CHECK(key != nullptr) << "not a key";
  return key;
}

}  // namespace evenkeel::testing
