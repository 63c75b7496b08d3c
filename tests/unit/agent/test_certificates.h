#pragma once

#include <string>

namespace evenkeel::agent {

// A certificate authority, and a certificate for "localhost" and 127.0.0.1 that it vouches for. Made anew by
// each call.
struct TestCertificates {
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
};
TestCertificates MakeTestCertificates();

// Writes `content` to a new file in the test's temporary folder and returns its path.
std::string WriteTestFile(const std::string& name, const std::string& content);

}  // namespace evenkeel::agent
