// A watching call: sends what its source has, one message at a time, for as long as the caller reads or the
// source lasts.
//
// There is never more than one message on its way, so that a slow reader costs the source's queue and nothing
// else.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "common/rpc/status.h"
#include "coordinator/serve/calls.h"
#include "coordinator/serve/watch_source.h"

namespace evenkeel::coordinator {

template <typename Response>
class WatchCall final : public grpc::ServerWriteReactor<Response> {
 public:
  // Needs all of `permissions`. Makes the source once the caller has been let in; an error ends the call. The
  // function it is given is the source's `wake`.
  using MakeSource =
      std::function<absl::StatusOr<std::unique_ptr<WatchSource<Response>>>(std::function<void()> wake)>;

  static grpc::ServerWriteReactor<Response>* Start(CallEnvironment& environment,
                                                   grpc::CallbackServerContext* context,
                                                   std::vector<Permission> permissions,
                                                   MakeSource make_source) {
    const std::shared_ptr<WatchCall> call(new WatchCall(environment));
    call->self_ = call;
    if (environment.watches.fetch_add(1) >= CallEnvironment::kMaxWatches) {
      call->End(base::WithReason(
          absl::ResourceExhaustedError("too many watches are open; end some, or list instead"),
          "TOO_MANY_WATCHES"));
      return call.get();
    }
    CheckAll(environment.access, CredentialsOf(*context), std::move(permissions),
             [call, make_source = std::move(make_source)](const absl::Status& status) {
               if (!status.ok()) {
                 call->End(status);
                 return;
               }
               call->environment_.workers.Submit([call, make_source] { call->Begin(make_source); });
             });
    return call.get();
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      Continue();
    } else {
      End(absl::CancelledError("the caller is gone"));
    }
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
      if (!idle_) return;  // whoever is at work sees it
      idle_ = false;
    }
    End(absl::CancelledError("the caller has cancelled, or its deadline has passed"));
  }

  void OnDone() override {
    const std::shared_ptr<WatchCall> self = std::move(self_);  // may be the last one to hold it
    source_.reset();
    --environment_.watches;
  }

 private:
  explicit WatchCall(CallEnvironment& environment) : environment_(environment) {}

  void Begin(const MakeSource& make_source) {
    const std::weak_ptr<WatchCall> weak = self_;
    // The source calls `wake` under locks of its own: hand over to a worker. At most one wake of a call is
    // under way.
    auto source = make_source([weak, &workers = environment_.workers] {
      workers.Submit([weak] {
        if (const auto call = weak.lock()) call->Wake();
      });
    });
    if (!source.ok()) {
      End(source.status());
      return;
    }
    source_ = *std::move(source);
    Continue();
  }

  void Wake() {
    {
      absl::MutexLock lock(&mutex_);
      if (!idle_) {
        woken_ = true;
        return;
      }
      idle_ = false;
    }
    Continue();
  }

  // Sends the next message, or rests. Only by the one who holds the call: after Begin, after a write, after a
  // rest.
  void Continue() {
    while (true) {
      const absl::StatusOr<bool> there_is_one = source_->Next(response_);
      if (!there_is_one.ok()) {
        End(there_is_one.status());
        return;
      }
      const bool ended = !*there_is_one && source_->Ended();
      bool cancelled = false;
      {
        absl::MutexLock lock(&mutex_);
        cancelled = cancelled_;
        if (!cancelled && !*there_is_one && !ended) {
          if (std::exchange(woken_, false)) continue;
          idle_ = true;
          return;
        }
      }
      if (cancelled) {
        End(absl::CancelledError("the caller has cancelled, or its deadline has passed"));
      } else if (ended) {
        End(absl::OkStatus());
      } else {
        this->StartWrite(&response_);
      }
      return;
    }
  }

  void End(const absl::Status& status) { this->Finish(rpc::ToGrpc(status)); }

  CallEnvironment& environment_;
  std::shared_ptr<WatchCall> self_;  // until OnDone
  std::unique_ptr<WatchSource<Response>> source_;
  Response response_;

  absl::Mutex mutex_;
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;  // nothing to send; the next Wake or OnCancel takes the call up
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::coordinator
