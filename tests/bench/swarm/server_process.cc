#include "tests/bench/swarm/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/check.h"

namespace evenkeel::swarm {
namespace {

void ReadLines(int from, const ServerProcess::OnLine& on_line) {
  FILE* lines = fdopen(from, "r");
  char* line = nullptr;
  size_t capacity = 0;
  while (getline(&line, &capacity, lines) > 0) {
    const absl::Time read = absl::Now();
    const nlohmann::json parsed = nlohmann::json::parse(line, nullptr, false);
    if (parsed.is_object()) {
      on_line(read, parsed);
    } else {
      std::cerr << line;
    }
  }
  free(line);
  fclose(lines);
}

}  // namespace

struct ServerProcess::Impl {
  pid_t pid = 0;
  std::thread reader;
};

ServerProcess::ServerProcess(const std::vector<std::string>& command, OnLine on_line)
    : impl_(std::make_unique<Impl>()) {
  int ends[2];
  EVENKEEL_CHECK(pipe2(ends, O_CLOEXEC) == 0) << "no pipe";
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  impl_->pid = fork();
  EVENKEEL_CHECK(impl_->pid >= 0) << "no process";
  if (impl_->pid == 0) {
    dup2(ends[1], STDERR_FILENO);
    execv(arguments[0], arguments.data());
    perror(arguments[0]);
    _exit(127);
  }
  close(ends[1]);
  impl_->reader = std::thread([from = ends[0], on_line = std::move(on_line)] { ReadLines(from, on_line); });
}

ServerProcess::~ServerProcess() {
  kill(impl_->pid, SIGTERM);
  int status = 0;
  waitpid(impl_->pid, &status, 0);
  impl_->reader.join();
}

absl::Duration ServerProcess::CpuTime() const {
  std::ifstream file(absl::StrCat("/proc/", impl_->pid, "/stat"));
  std::stringstream text;
  text << file.rdbuf();
  // The name, in parentheses, may hold blanks; utime and stime are the 12th and 13th field after it
  // (proc(5)).
  const std::string all = text.str();
  const std::vector<std::string> fields = absl::StrSplit(all.substr(all.rfind(')') + 2), ' ');
  int64_t user = 0;
  int64_t system = 0;
  EVENKEEL_CHECK(fields.size() > 12 && absl::SimpleAtoi(fields[11], &user) &&
                 absl::SimpleAtoi(fields[12], &system))
      << "the server is gone";
  return absl::Seconds(user + system) / sysconf(_SC_CLK_TCK);
}

size_t ServerProcess::Memory() const {
  std::ifstream file(absl::StrCat("/proc/", impl_->pid, "/smaps_rollup"));
  size_t kibibytes = 0;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (fields.size() > 1 && fields[0] == "Pss:") {
      EVENKEEL_CHECK(absl::SimpleAtoi(fields[1], &kibibytes)) << line;
    }
  }
  EVENKEEL_CHECK(kibibytes > 0) << "the server is gone";
  return kibibytes * 1024;
}

}  // namespace evenkeel::swarm
