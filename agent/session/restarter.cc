#include "agent/session/restarter.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/log/log.h"

namespace evenkeel::agent {
namespace {

constexpr const char* kFileNames[] = {"kubelet", "runtime"};
constexpr absl::Duration kLookAgain = absl::Milliseconds(100);

v1::RestartAnswer Answer(v1::RestartAnswer::Outcome outcome, std::string detail) {
  v1::RestartAnswer answer;
  answer.set_outcome(outcome);
  answer.set_detail(std::move(detail));
  return answer;
}

const char* FileName(v1::RestartRequest::Part part) {
  switch (part) {
    case v1::RestartRequest::PART_KUBELET:
      return kFileNames[0];
    case v1::RestartRequest::PART_RUNTIME:
      return kFileNames[1];
    default:
      return nullptr;
  }
}

}  // namespace

Restarter::Restarter(std::string folder, const time::Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {
  if (folder_.empty()) {
    return;
  }
  for (const char* name : kFileNames) {
    const std::string file = absl::StrCat(folder_, "/", name);
    if (unlink(file.c_str()) == 0) {
      log::Info("withdrew a request for a restart that an agent before this one had left", {{"file", file}});
    } else if (errno != ENOENT) {
      log::Warn(
          "cannot look for requests for restarts that were left",
          {{"file", file}, {"cause", absl::ErrnoToStatus(errno, "it cannot be removed if it is there")}});
    }
  }
}

Restarter::~Restarter() {
  std::thread asking;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    asking = std::move(asking_);
  }
  if (asking.joinable()) {
    asking.join();
  }
}

void Restarter::NoteEpoch(uint64_t epoch) {
  absl::MutexLock lock(&mutex_);
  epoch_ = std::max(epoch_, epoch);
}

std::string Restarter::FileFor(const v1::RestartRequest& request, v1::RestartAnswer& answer) {
  const auto before = std::find_if(
      answered_.begin(), answered_.end(),
      [&request](const v1::RestartAnswer& known) { return known.request_id() == request.request_id(); });
  if (before != answered_.end()) {
    answer = *before;
    return "";
  }
  const char* name = FileName(request.part());
  if (folder_.empty()) {
    answer =
        Answer(v1::RestartAnswer::OUTCOME_REFUSED,
               "the agent is not permitted to ask for restarts: it was started without --restart-folder");
  } else if (name == nullptr) {
    answer = Answer(v1::RestartAnswer::OUTCOME_REFUSED, "the agent does not know that part");
  } else if (request.epoch() < epoch_) {
    answer = Answer(v1::RestartAnswer::OUTCOME_REFUSED,
                    absl::StrCat("the request is of epoch ", request.epoch(), ", and a coordinator of epoch ",
                                 epoch_, " has been here since"));
  } else if (busy_) {
    answer = Answer(v1::RestartAnswer::OUTCOME_REFUSED, "another restart is under way");
  } else {
    return absl::StrCat(folder_, "/", name);
  }
  return "";
}

void Restarter::Restart(const v1::RestartRequest& request, Done done) {
  v1::RestartAnswer answer;
  std::thread before;
  bool asks = false;
  {
    absl::MutexLock lock(&mutex_);
    const std::string file = FileFor(request, answer);
    asks = !file.empty() && !stopping_;
    if (!file.empty() && stopping_) {
      answer = Answer(v1::RestartAnswer::OUTCOME_REFUSED, "the agent is stopping");
    }
    if (asks) {
      busy_ = true;
      before = std::move(asking_);  // has answered, and ends
      asking_ = std::thread([this, file, id = request.request_id(), done] {
        pthread_setname_np(pthread_self(), "restarter");
        v1::RestartAnswer asked = Ask(file);
        asked.set_request_id(id);
        {
          absl::MutexLock again(&mutex_);
          busy_ = false;
          answered_.push_back(asked);
          if (answered_.size() > kMostRemembered) {
            answered_.pop_front();
          }
        }
        done(std::move(asked));
      });
    }
  }
  if (before.joinable()) {
    before.join();
  }
  if (!asks) {
    answer.set_request_id(request.request_id());
    done(std::move(answer));
  }
}

v1::RestartAnswer Restarter::Ask(const std::string& file) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return Answer(
        v1::RestartAnswer::OUTCOME_REFUSED,
        std::string(
            absl::ErrnoToStatus(errno, absl::StrCat("the request cannot be put into ", file)).message()));
  }
  close(descriptor);
  log::Info("asking the host for a restart", {{"file", file}});
  const absl::Time until = clock_.Now() + kTakenWithin;
  for (;;) {
    if (access(file.c_str(), F_OK) != 0 && errno == ENOENT) {
      return Answer(v1::RestartAnswer::OUTCOME_TAKEN, "the host has taken the request");
    }
    absl::MutexLock lock(&mutex_);
    if (stopping_ || clock_.Now() >= until) {
      break;
    }
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kLookAgain);
  }
  if (unlink(file.c_str()) != 0 && errno == ENOENT) {
    return Answer(v1::RestartAnswer::OUTCOME_TAKEN, "the host has taken the request");
  }
  return Answer(v1::RestartAnswer::OUTCOME_NOT_TAKEN,
                absl::StrCat("nobody on the host took the request ", file, " within ",
                             absl::FormatDuration(kTakenWithin), ": are its units installed and enabled?"));
}

}  // namespace evenkeel::agent
