#include "tests/bench/agent/private_copy.h"

#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"

namespace evenkeel::agent {

std::vector<std::string> PrivateCopy(const std::string& program, const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  fs::create_directory(folder);
  const std::unique_ptr<FILE, int (*)(FILE*)> ldd(popen(absl::StrCat("ldd '", program, "'").c_str(), "r"),
                                                  &pclose);
  EVENKEEL_CHECK(ldd != nullptr) << "ldd";
  std::string output;
  char buffer[4096];
  for (size_t count; (count = fread(buffer, 1, sizeof buffer, ldd.get())) > 0;) {
    output.append(buffer, count);
  }
  std::string loader;
  // "\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)", and the loader without an arrow
  for (absl::string_view word : absl::StrSplit(output, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    if (word.front() != '/') {
      continue;
    }
    const fs::path library = std::string(word);
    fs::copy_file(library, folder / library.filename(), fs::copy_options::overwrite_existing);
    if (library.filename().string().rfind("ld-linux", 0) == 0) {
      loader = folder / library.filename();
    }
  }
  EVENKEEL_CHECK(!loader.empty()) << "ldd told no loader for " << program;
  const fs::path copy = folder / "evenkeel-agent";
  fs::copy_file(program, copy, fs::copy_options::overwrite_existing);
  return {loader, "--library-path", folder, copy};
}

}  // namespace evenkeel::agent
