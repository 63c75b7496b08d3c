#include "tests/bench/swarm/agents.h"

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/check.h"
#include "evenkeel/v1/agent_session.grpc.pb.h"

namespace evenkeel::swarm {
namespace {

// Handshakes at once: the coordinator is to be measured at rest, not in a stampede.
constexpr size_t kOpening = 64;
// How often the agents are looked through for those whose beat is due.
constexpr absl::Duration kRound = absl::Milliseconds(4);

using Stream = grpc::ClientAsyncReaderWriter<v1::ConnectRequest, v1::ConnectResponse>;

// One connection each, tuned as the agent tunes it.
grpc::ChannelArguments ChannelOptions() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 20);
  return arguments;
}

struct Agent;
enum class Operation { kStart, kRead, kWrite };
struct Tag {
  Agent* agent;
  Operation operation;
};

struct Agent {
  explicit Agent(size_t number) : index(number) {}

  const size_t index;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::AgentSessionService::Stub> stub;
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream;
  v1::ConnectResponse received;
  Tag start{this, Operation::kStart};
  Tag read{this, Operation::kRead};
  Tag write{this, Operation::kWrite};
  bool welcomed = false;
  bool writing = false;
  bool reported = false;
  bool silent = false;
  uint64_t sequence = 0;
  absl::Duration interval;
  absl::Time next_beat;
  absl::Time last_beat;
};

}  // namespace

std::string NodeName(size_t index) {
  return absl::StrFormat("node-%05d", index);
}

struct Agents::Impl {
  std::string target;
  std::string server_ca;
  const testing::CertificateAuthority* agents_ca = nullptr;
  grpc::CompletionQueue queue;
  std::thread thread;

  mutable absl::Mutex mutex;
  std::deque<std::unique_ptr<Agent>> agents ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;  // no operation may be begun any more
  Totals totals ABSL_GUARDED_BY(mutex);
  absl::InsecureBitGen random ABSL_GUARDED_BY(mutex);

  void Open(size_t index) {
    const testing::Identity identity = agents_ca->Issue(
        {.common_name = NodeName(index), .organizations = {absl::StrCat("evenkeel:agents:", kCluster)}});
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = server_ca;
    tls.pem_cert_chain = identity.certificate_pem;
    tls.pem_private_key = identity.key_pem;
    auto agent = std::make_unique<Agent>(index);
    agent->channel = grpc::CreateCustomChannel(target, grpc::SslCredentials(tls), ChannelOptions());
    agent->stub = v1::AgentSessionService::NewStub(agent->channel);
    agent->context.set_wait_for_ready(true);
    agent->context.AddMetadata("evenkeel-cluster", kCluster);
    absl::MutexLock lock(&mutex);
    agent->stream = agent->stub->AsyncConnect(&agent->context, &queue, &agent->start);
    agents.push_back(std::move(agent));
  }

  void Send(Agent& agent, const v1::ConnectRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    agent.writing = true;
    agent.stream->Write(request, &agent.write);
  }

  void SayHello(Agent& agent) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    v1::ConnectRequest request;
    v1::Hello* hello = request.mutable_hello();
    hello->set_cluster(kCluster);
    hello->set_node(NodeName(agent.index));
    hello->set_agent_version("swarm");
    hello->set_boot_id(absl::StrFormat("00000000-0000-0000-0000-%012d", agent.index));
    Send(agent, request);
  }

  void SendReport(Agent& agent) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!agent.welcomed || agent.writing || agent.reported) return;
    agent.reported = true;
    v1::ConnectRequest request;
    v1::Report* report = request.mutable_report();
    report->set_full(true);
    report->mutable_node()->mutable_kubelet()->set_state(v1::PART_STATE_HEALTHY);
    report->mutable_node()->mutable_cpu()->set_cpus(4);
    report->mutable_node()->mutable_cpu()->set_used_millicores(250);
    Send(agent, request);
  }

  void OnWelcome(Agent& agent) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto& interval = agent.received.welcome().beat_interval();
    agent.interval = absl::Seconds(interval.seconds()) + absl::Nanoseconds(interval.nanos());
    // Spread over the interval, as agents that were started at different times are.
    agent.next_beat = absl::Now() + agent.interval * absl::Uniform(random, 0.0, 1.0);
    if (std::exchange(agent.welcomed, true)) return;
    ++totals.open;
    SendReport(agent);
  }

  void Handle(const Tag& tag, bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (stopping) return;
    Agent& agent = *tag.agent;
    if (!ok) {
      if (tag.operation != Operation::kRead || !agent.welcomed || agent.silent) return;
      ++totals.lost;
      agent.silent = true;
      return;
    }
    switch (tag.operation) {
      case Operation::kStart:
        SayHello(agent);
        agent.stream->Read(&agent.received, &agent.read);
        return;
      case Operation::kWrite:
        agent.writing = false;
        SendReport(agent);
        return;
      case Operation::kRead:
        if (agent.received.has_welcome()) OnWelcome(agent);
        if (agent.received.has_beat_acknowledgement()) ++totals.acknowledgements;
        agent.stream->Read(&agent.received, &agent.read);
        return;
    }
  }

  void BeatAllDue(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    for (const auto& agent : agents) {
      if (!agent->reported || agent->writing || agent->silent || agent->next_beat > now) continue;
      agent->next_beat = std::max(agent->next_beat + agent->interval, now);
      agent->last_beat = now;
      ++totals.beats;
      v1::ConnectRequest request;
      request.mutable_beat()->set_sequence(++agent->sequence);
      request.mutable_beat()->set_node_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
      Send(*agent, request);
    }
  }

  void Run() {
    absl::Time next_round = absl::Now();
    for (;;) {
      void* tag = nullptr;
      bool ok = false;
      const auto status = queue.AsyncNext(&tag, &ok, absl::ToChronoTime(next_round));
      if (status == grpc::CompletionQueue::SHUTDOWN) return;
      absl::MutexLock lock(&mutex);
      if (status == grpc::CompletionQueue::GOT_EVENT) Handle(*static_cast<Tag*>(tag), ok);
      const absl::Time now = absl::Now();
      if (now < next_round || stopping) continue;
      next_round = now + kRound;
      BeatAllDue(now);
    }
  }
};

Agents::Agents(std::string target, std::string server_ca_pem, const testing::CertificateAuthority& agents_ca)
    : impl_(std::make_unique<Impl>()) {
  impl_->target = std::move(target);
  impl_->server_ca = std::move(server_ca_pem);
  impl_->agents_ca = &agents_ca;
  impl_->thread = std::thread([this] { impl_->Run(); });
}

Agents::~Agents() {
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
    for (const auto& agent : impl_->agents) agent->context.TryCancel();
    impl_->queue.Shutdown();
  }
  impl_->thread.join();
}

void Agents::Grow(size_t count, absl::Duration patience) {
  const absl::Time give_up = absl::Now() + patience;
  const auto await_open = [&](size_t wanted) {
    const auto open = [this, wanted]()
                          ABSL_SHARED_LOCKS_REQUIRED(impl_->mutex) { return impl_->totals.open >= wanted; };
    absl::MutexLock lock(&impl_->mutex);
    EVENKEEL_CHECK(impl_->mutex.AwaitWithDeadline(absl::Condition(&open), give_up))
        << impl_->totals.open << " of " << count << " sessions opened in time";
  };
  for (size_t next = totals().open; next < count; ++next) {
    await_open(next < kOpening ? 0 : next - kOpening);
    impl_->Open(next);
  }
  await_open(count);
}

absl::Time Agents::Silence(size_t index) {
  absl::MutexLock lock(&impl_->mutex);
  impl_->agents[index]->silent = true;
  return impl_->agents[index]->last_beat;
}

Agents::Totals Agents::totals() const {
  absl::MutexLock lock(&impl_->mutex);
  return impl_->totals;
}

}  // namespace evenkeel::swarm
