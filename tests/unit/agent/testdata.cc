#include "tests/unit/agent/testdata.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace evenkeel::agent {

std::string ReadTestdata(const std::string& path) {
  std::ifstream file(std::string(EVENKEEL_AGENT_TESTDATA "/") + path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

}  // namespace evenkeel::agent
