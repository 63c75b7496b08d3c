#include "coordinator/act/fence_hook.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/act/hook_words.h"

namespace evenkeel::coordinator {
namespace {

constexpr std::chrono::milliseconds kLookAgain(50);  // whether we are to stop

// A child process in a group of its own, killed with all that it started when this goes.
class Process {
 public:
  Process(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      error_ = errno;
      return;
    }
    output_ = ends[0];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    const auto pointers = [](const std::vector<std::string>& texts) {
      std::vector<char*> all;
      all.reserve(texts.size() + 1);
      for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
      all.push_back(nullptr);
      return all;
    };
    error_ = posix_spawn(&pid_, command.front().c_str(), &files, &attributes, pointers(command).data(),
                         pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
  }
  ~Process() {
    if (running()) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int error() const { return error_; }
  bool running() const { return error_ == 0 && !ended_; }
  int status() const { return status_; }
  const std::string& said() const { return said_; }

  // Reads what it says, for at most `time`, and notices its end.
  void Wait(absl::Duration time) {
    pollfd descriptor{.fd = output_, .events = POLLIN, .revents = 0};
    poll(&descriptor, 1, static_cast<int>(absl::ToInt64Milliseconds(time)));
    Read();
    if (waitpid(pid_, &status_, WNOHANG) == pid_) {
      ended_ = true;
      Read();
    } else if ((descriptor.revents & POLLHUP) != 0) {
      // It has closed its output: from now on poll() only waits, and whether it has ended is asked after each
      // wait.
      close(output_);
      output_ = -1;
    }
  }

 private:
  void Read() {
    std::array<char, 1024> buffer;
    ssize_t count = 0;
    while ((count = read(output_, buffer.data(), buffer.size())) > 0) {
      said_.append(buffer.data(),
                   std::min<size_t>(static_cast<size_t>(count),
                                    kLongestHookWords - std::min(said_.size(), kLongestHookWords)));
    }
  }

  pid_t pid_ = -1;
  int output_ = -1;
  int error_ = 0;
  bool ended_ = false;
  int status_ = 0;
  std::string said_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FenceHook>> FenceHook::Create(Options options) {
  if (options.url.empty() == options.command.empty()) {
    return absl::InvalidArgumentError("the fencing hook is a URL or a command, one of the two");
  }
  std::string ca_pem;
  if (!options.ca_file.empty()) {
    std::ifstream file(options.ca_file, std::ios::binary);
    std::stringstream content;
    if (!file || !(content << file.rdbuf())) {
      return absl::NotFoundError(absl::StrCat("cannot read ", options.ca_file));
    }
    ca_pem = content.str();
  }
  return std::unique_ptr<FenceHook>(new FenceHook(std::move(options), std::move(ca_pem)));
}

FenceHook::FenceHook(Options options, std::string ca_pem) : options_(std::move(options)) {
  if (!options_.url.empty()) {
    http_ = std::make_unique<HttpHook>(HttpHook::Options{.name = "fence-hook",
                                                         .ca_pem = std::move(ca_pem),
                                                         .deadline = options_.deadline,
                                                         .at_once = options_.at_once});
  }
  for (int i = 0; i < options_.at_once; ++i) threads_.emplace_back([this] { Run(); });
}

FenceHook::~FenceHook() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void FenceHook::Fence(FenceTarget target, WhyNot why_not, StillWanted wanted, AnswerDone done) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (jobs_.size() < options_.most_waiting) {
      jobs_.push_back({std::move(target), std::move(why_not), std::move(wanted), std::move(done),
                       std::chrono::steady_clock::now()});
      changed_.notify_one();
      return;
    }
  }
  done({ActionOutcome::kRefused, "too many nodes wait for the fencing hook"});
}

bool FenceHook::Stopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void FenceHook::Run() {
  for (;;) {
    Job job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    std::optional<Answer> instead = job.why_not();
    if (!instead &&
        std::chrono::steady_clock::now() - job.queued > absl::ToChronoNanoseconds(options_.longest_wait)) {
      instead =
          Answer{ActionOutcome::kRefused, "it was not its turn in time: the node is judged again first"};
    }
    Answer answer = instead ? *std::move(instead) : Try(job);
    if (Stopping()) return;
    job.done(std::move(answer));
  }
}

Answer FenceHook::Try(const Job& job) {
  return http_ != nullptr ? Ask(job) : Execute(job);
}

Answer FenceHook::Ask(const Job& job) {
  const FenceTarget& target = job.target;
  const nlohmann::json body = {
      {"cluster", target.cluster}, {"node", target.node}, {"uid", target.uid}, {"decision", target.decision}};
  const auto answered = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = answered->get_future();
  http_->Ask(
      options_.url, body.dump(), [this, &job] { return !Stopping() && job.wanted(); },
      [answered](Answer given) { answered->set_value(std::move(given)); });
  return answer.get();
}

Answer FenceHook::Execute(const Job& job) {
  const FenceTarget& target = job.target;
  const char* path = std::getenv("PATH");
  Process process(options_.command, {absl::StrCat("PATH=", path != nullptr ? path : "/usr/bin:/bin"),
                                     absl::StrCat("EVENKEEL_FENCE_CLUSTER=", target.cluster),
                                     absl::StrCat("EVENKEEL_FENCE_NODE=", target.node),
                                     absl::StrCat("EVENKEEL_FENCE_UID=", target.uid),
                                     absl::StrCat("EVENKEEL_FENCE_DECISION=", target.decision)});
  if (process.error() != 0) {
    return {ActionOutcome::kRefused, absl::StrCat("cannot run ", options_.command.front(), ": ",
                                                  std::system_category().message(process.error()))};
  }
  // By the monotonic clock, as all waits here: a wall clock that is set must not make it longer.
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(options_.deadline);
  while (process.running()) {
    if (Stopping()) return {ActionOutcome::kRefused, "the coordinator stops"};
    if (!job.wanted()) return {ActionOutcome::kRefused, "ended: it is not wanted any more"};
    if (std::chrono::steady_clock::now() >= until) {
      return {ActionOutcome::kRefused,
              WithHookWords(absl::StrCat("it had not ended after ", absl::FormatDuration(options_.deadline)),
                            process.said())};
    }
    process.Wait(absl::FromChrono(kLookAgain));
  }
  const int status = process.status();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {ActionOutcome::kDone, WithHookWords("exit code 0", process.said())};
  }
  const std::string how = WIFEXITED(status) ? absl::StrCat("exit code ", WEXITSTATUS(status))
                                            : absl::StrCat("ended by signal ", WTERMSIG(status));
  return {ActionOutcome::kRefused, WithHookWords(how, process.said())};
}

}  // namespace evenkeel::coordinator
