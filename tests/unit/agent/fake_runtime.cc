#include "tests/unit/agent/fake_runtime.h"

#include "absl/time/clock.h"
#include "common/base/check.h"

namespace evenkeel::agent {

namespace cri = ::runtime::v1;

FakeRuntime::FakeRuntime(const std::string& socket_path) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_path, grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  EVENKEEL_CHECK(server_ != nullptr) << "no socket " << socket_path;
}

FakeRuntime::~FakeRuntime() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  server_->Shutdown(std::chrono::system_clock::now());
}

void FakeRuntime::AddPod(const std::string& uid, const std::string& pod_namespace, const std::string& name) {
  cri::PodSandbox sandbox;
  sandbox.set_id("sandbox-" + uid);
  sandbox.mutable_metadata()->set_uid(uid);
  sandbox.mutable_metadata()->set_namespace_(pod_namespace);
  sandbox.mutable_metadata()->set_name(name);
  sandbox.set_state(cri::SANDBOX_READY);
  sandbox.set_created_at(1'700'000'000'000'000'000);
  Change([&](State& state) { state.sandboxes.push_back(std::move(sandbox)); });
}

void FakeRuntime::AddContainer(const std::string& pod_uid, const std::string& name, const std::string& id,
                               const std::string& info_json) {
  cri::Container container;
  container.set_id(id);
  container.set_pod_sandbox_id("sandbox-" + pod_uid);
  container.mutable_metadata()->set_name(name);
  container.mutable_image()->set_image("sha256:" + name);
  container.set_state(cri::CONTAINER_RUNNING);
  container.set_created_at(1'700'000'001'000'000'000);
  cri::ContainerStatusResponse details;
  details.mutable_status()->set_started_at(1'700'000'002'000'000'000);
  (*details.mutable_info())["info"] = info_json;
  Change([&](State& state) {
    state.containers.push_back(std::move(container));
    state.details[id] = std::move(details);
  });
}

grpc::Status FakeRuntime::Begin(grpc::ServerContext* context) {
  absl::MutexLock lock(&mutex_);
  const absl::Time until = absl::Now() + state_.delay;
  while (absl::Now() < until && !context->IsCancelled() && !stopping_) {
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Milliseconds(10));
  }
  return state_.fail;
}

grpc::Status FakeRuntime::Version(grpc::ServerContext* context, const cri::VersionRequest*,
                                  cri::VersionResponse* response) {
  response->set_runtime_name("fake");
  response->set_runtime_version("1.2.3");
  return Begin(context);
}

grpc::Status FakeRuntime::Status(grpc::ServerContext* context, const cri::StatusRequest*,
                                 cri::StatusResponse* response) {
  Change([&](State& state) {
    ++state.status_calls;
    cri::RuntimeCondition& condition = *response->mutable_status()->add_conditions();
    condition.set_type("RuntimeReady");
    condition.set_status(state.ready);
    if (!state.ready) {
      condition.set_reason("Broken");
      condition.set_message("it cannot run pods");
    }
  });
  return Begin(context);
}

grpc::Status FakeRuntime::ListPodSandbox(grpc::ServerContext* context, const cri::ListPodSandboxRequest*,
                                         cri::ListPodSandboxResponse* response) {
  Change([&](State& state) {
    response->mutable_items()->Assign(state.sandboxes.begin(), state.sandboxes.end());
  });
  return Begin(context);
}

grpc::Status FakeRuntime::RunPodSandbox(grpc::ServerContext* context,
                                        const cri::RunPodSandboxRequest* request,
                                        cri::RunPodSandboxResponse* response) {
  const auto& wanted = request->config().metadata();
  const bool reserved = Change([&](State& state) {
    for (const cri::PodSandbox& sandbox : state.sandboxes) {
      const auto& has = sandbox.metadata();
      if (has.name() == wanted.name() && has.namespace_() == wanted.namespace_() &&
          has.uid() == wanted.uid() && has.attempt() == wanted.attempt()) {
        return true;
      }
    }
    cri::PodSandbox sandbox;
    sandbox.set_id("made-" + std::to_string(++state.made));
    *sandbox.mutable_metadata() = wanted;
    *sandbox.mutable_labels() = request->config().labels();
    sandbox.set_state(cri::SANDBOX_READY);
    response->set_pod_sandbox_id(sandbox.id());
    state.sandboxes.push_back(std::move(sandbox));
    return false;
  });
  return reserved ? grpc::Status(grpc::StatusCode::UNKNOWN, "the sandbox's name is reserved")
                  : Begin(context);
}

grpc::Status FakeRuntime::StopPodSandbox(grpc::ServerContext* context,
                                         const cri::StopPodSandboxRequest* request,
                                         cri::StopPodSandboxResponse*) {
  const bool fails = Change([&](State& state) {
    if (state.stop_fails) return true;
    for (cri::PodSandbox& sandbox : state.sandboxes) {
      if (sandbox.id() == request->pod_sandbox_id()) sandbox.set_state(cri::SANDBOX_NOTREADY);
    }
    for (cri::Container& container : state.containers) {
      if (container.pod_sandbox_id() == request->pod_sandbox_id()) container.set_state(cri::CONTAINER_EXITED);
    }
    return false;
  });
  return fails ? grpc::Status(grpc::StatusCode::INTERNAL, "it does not stop") : Begin(context);
}

grpc::Status FakeRuntime::RemovePodSandbox(grpc::ServerContext* context,
                                           const cri::RemovePodSandboxRequest* request,
                                           cri::RemovePodSandboxResponse*) {
  Change([&](State& state) {
    std::erase_if(state.sandboxes,
                  [&](const cri::PodSandbox& sandbox) { return sandbox.id() == request->pod_sandbox_id(); });
  });
  return Begin(context);
}

grpc::Status FakeRuntime::StopContainer(grpc::ServerContext* context,
                                        const cri::StopContainerRequest* request,
                                        cri::StopContainerResponse*) {
  Change([&](State& state) {
    for (cri::Container& container : state.containers) {
      if (container.id() == request->container_id()) container.set_state(cri::CONTAINER_EXITED);
    }
  });
  return Begin(context);
}

grpc::Status FakeRuntime::ListContainers(grpc::ServerContext* context, const cri::ListContainersRequest*,
                                         cri::ListContainersResponse* response) {
  Change([&](State& state) {
    response->mutable_containers()->Assign(state.containers.begin(), state.containers.end());
  });
  return Begin(context);
}

grpc::Status FakeRuntime::ContainerStatus(grpc::ServerContext* context,
                                          const cri::ContainerStatusRequest* request,
                                          cri::ContainerStatusResponse* response) {
  const bool known = Change([&](State& state) {
    state.verbose_calls += request->verbose() ? 1 : 0;
    const auto details = state.details.find(request->container_id());
    if (details == state.details.end()) {
      return false;
    }
    *response = details->second;
    if (!request->verbose()) {
      response->clear_info();
    }
    return true;
  });
  return known ? Begin(context) : grpc::Status(grpc::StatusCode::NOT_FOUND, "no such container");
}

grpc::Status FakeRuntime::ListContainerStats(grpc::ServerContext* context,
                                             const cri::ListContainerStatsRequest*,
                                             cri::ListContainerStatsResponse* response) {
  Change([&](State& state) {
    ++state.stats_calls;
    response->mutable_stats()->Assign(state.stats.begin(), state.stats.end());
  });
  return Begin(context);
}

}  // namespace evenkeel::agent
