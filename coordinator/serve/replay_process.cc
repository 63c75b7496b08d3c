#include "coordinator/serve/replay_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/serve/replay_frames.h"

namespace evenkeel::coordinator {
namespace {

// A pipe takes that much without a reader (Linux: 64 KiB).
constexpr size_t kLargestRequest = size_t{32} << 10;

// A pipe's end that closes itself.
class End {
 public:
  explicit End(int file = -1) : file_(file) {}
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  ~End() { Close(); }
  void Close() {
    if (file_ >= 0) close(std::exchange(file_, -1));
  }
  int Take() { return std::exchange(file_, -1); }
  int get() const { return file_; }

 private:
  int file_;
};

absl::Status CannotStart(const char* what, int error) {
  return base::WithReason(
      absl::UnavailableError(absl::StrCat("the replay's process cannot be started (", what,
                                          "): ", std::system_category().message(error))),
      "REPLAY_NOT_STARTED");
}

absl::Status EndedEarly(int status) {
  if (WIFSIGNALED(status)) {
    return absl::InternalError(absl::StrCat(
        "the replay's process was ended by signal ", WTERMSIG(status),
        WTERMSIG(status) == SIGKILL ? ": most likely there was too little memory; ask for less time"
                                    : "; the coordinator's log says more"));
  }
  return absl::InternalError(
      absl::StrCat("the replay's process ended with code ", WEXITSTATUS(status), " before it was done"));
}

}  // namespace

struct ReplayProcess::Impl {
  void Read();
  // False: nobody wants more.
  bool Add(v1::ReplayResponse response);
  void End(const absl::Status& status);
  void Kill();
  int Reap();  // waits for its end; how it ended

  std::function<void()> wake;
  int output = -1;

  std::mutex mutex;
  pid_t process = -1;  // -1: it has ended, and its number may be another one's
  std::condition_variable room;
  std::deque<v1::ReplayResponse> waiting;
  bool wanted = true;               // the reader is there
  bool asked = false;               // it has found nothing, and wants to be woken
  std::optional<absl::Status> end;  // how it ended

  std::thread reader;
};

bool ReplayProcess::Impl::Add(v1::ReplayResponse response) {
  bool wake_now = false;
  {
    std::unique_lock<std::mutex> lock(mutex);
    room.wait(lock, [this] { return !wanted || waiting.size() < kMostWaiting; });
    if (!wanted) return false;
    waiting.push_back(std::move(response));
    wake_now = std::exchange(asked, false);
  }
  if (wake_now) wake();
  return true;
}

void ReplayProcess::Impl::End(const absl::Status& status) {
  bool wake_now = false;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    end = status;
    wake_now = wanted && std::exchange(asked, false);
  }
  if (wake_now) wake();
}

void ReplayProcess::Impl::Kill() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (process > 0) kill(process, SIGKILL);
}

int ReplayProcess::Impl::Reap() {
  siginfo_t ended{};
  while (waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  const std::lock_guard<std::mutex> lock(mutex);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  process = -1;
  return status;
}

void ReplayProcess::Impl::Read() {
  absl::Status end_status;
  bool summary = false;
  bool more = true;
  while (more) {
    absl::StatusOr<std::optional<ReplayFrame>> frame = ReadReplayFrame(output);
    if (!frame.ok() || !frame->has_value()) {
      end_status = frame.status();
      break;
    }
    if ((*frame)->type == ReplayFrame::kError) {
      end_status = ErrorFromFrame((*frame)->bytes);
      break;
    }
    v1::ReplayResponse response;
    if (!response.ParseFromString((*frame)->bytes)) {
      end_status = absl::InternalError("the replay's process said something that is no answer");
      break;
    }
    summary = response.has_summary();
    more = Add(std::move(response));
  }
  close(std::exchange(output, -1));
  // What it says makes no sense, or nobody wants to hear more. At the end of its output it ends by itself.
  if (!end_status.ok() || !more) Kill();
  const int status = Reap();
  if (end_status.ok() && !summary) end_status = EndedEarly(status);
  End(end_status);
}

absl::StatusOr<std::unique_ptr<ReplayProcess>> ReplayProcess::Start(const std::vector<std::string>& command,
                                                                    const v1::ReplayRequest& request,
                                                                    std::function<void()> wake) {
  const std::string bytes = request.SerializeAsString();
  if (bytes.size() > kLargestRequest) {
    return absl::InvalidArgumentError(absl::StrCat("the request has ", bytes.size(),
                                                   " bytes; a policy and two "
                                                   "times take no more than ",
                                                   kLargestRequest));
  }
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0) return CannotStart("a pipe", errno);
  coordinator::End in_read(in[0]);
  coordinator::End in_write(in[1]);
  if (pipe2(out.data(), O_CLOEXEC) != 0) return CannotStart("a pipe", errno);
  coordinator::End out_read(out[0]);
  coordinator::End out_write(out[1]);
  // While both ends are ours: it fits into the pipe, and nobody can be gone.
  if (const ssize_t written = write(in_write.get(), bytes.data(), bytes.size());
      written != static_cast<ssize_t>(bytes.size())) {
    return CannotStart("the request", errno);
  }
  in_write.Close();

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in_read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out_write.get(), STDOUT_FILENO);
  // The coordinator's threads block the signals that stop it; this process takes them as they come.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t process = -1;
  const int error =
      posix_spawn(&process, command.front().c_str(), &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return CannotStart(command.front().c_str(), error);

  in_read.Close();
  out_write.Close();
  auto impl = std::make_shared<Impl>();
  impl->wake = std::move(wake);
  impl->process = process;
  impl->output = out_read.Take();
  impl->reader = std::thread([raw = impl.get()] { raw->Read(); });
  return std::unique_ptr<ReplayProcess>(new ReplayProcess(std::move(impl)));
}

ReplayProcess::~ReplayProcess() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->wanted = false;
    impl_->room.notify_all();
  }
  impl_->Kill();
  impl_->reader.join();
}

absl::StatusOr<bool> ReplayProcess::Next(v1::ReplayResponse& out) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (!impl_->waiting.empty()) {
    out = std::move(impl_->waiting.front());
    impl_->waiting.pop_front();
    impl_->room.notify_all();
    return true;
  }
  if (impl_->end && !impl_->end->ok()) return *impl_->end;
  impl_->asked = !impl_->end;
  return false;
}

bool ReplayProcess::Ended() {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->waiting.empty() && impl_->end && impl_->end->ok();
}

}  // namespace evenkeel::coordinator
