// Feeds a fuzzer the files of its corpus, where no libFuzzer is: what was ever found stays found in every
// build. Names the file first, so that a crash tells which one it was.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

int main(int argc, char** argv) {
  size_t fed = 0;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& path : files) {
      std::ifstream file(path, std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), {}};
      std::printf("%s\n", path.c_str());
      std::fflush(stdout);
      // A copy of its own size, so that AddressSanitizer sees one byte too far.
      const std::vector<uint8_t> bytes(input.begin(), input.end());
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      ++fed;
    }
  }
  if (fed == 0) {
    std::fprintf(stderr, "there is nothing in the corpus: name a folder that holds inputs\n");
    return 1;
  }
  return 0;
}
