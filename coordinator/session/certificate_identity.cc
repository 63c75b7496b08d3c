#include "coordinator/session/certificate_identity.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

// All values of one part of the subject.
std::vector<std::string> SubjectParts(const X509_NAME* subject, int part) {
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

}  // namespace

absl::StatusOr<NodeKey> NodeOfCertificate(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  if (certificate == nullptr) {
    return base::WithReason(absl::UnauthenticatedError("the client certificate cannot be read"),
                            "CERTIFICATE_UNREADABLE");
  }
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  NodeKey node;
  int agent_organisations = 0;
  for (const std::string& organisation : SubjectParts(subject, NID_organizationName)) {
    absl::string_view cluster = organisation;
    if (!absl::ConsumePrefix(&cluster, kAgentOrganisationPrefix)) continue;
    node.cluster = std::string(cluster);
    ++agent_organisations;
  }
  const std::vector<std::string> names = SubjectParts(subject, NID_commonName);
  if (agent_organisations != 1 || node.cluster.empty() || names.size() != 1 || names.front().empty()) {
    return base::WithReason(
        absl::PermissionDeniedError(absl::StrCat(
            "the client certificate is not an agent's: its subject must have one organisation \"",
            kAgentOrganisationPrefix, "CLUSTER\" and the node's name as its one common name")),
        "CERTIFICATE_NOT_AN_AGENT");
  }
  node.node = names.front();
  return node;
}

}  // namespace evenkeel::coordinator
