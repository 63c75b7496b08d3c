// swarm: what N agents cost the coordinator, and how soon it notices the loss of one. See
// tests/bench/README.md.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/check.h"
#include "common/base/process.h"
#include "evenkeel/v1/policy.grpc.pb.h"
#include "tests/bench/swarm/agents.h"
#include "tests/bench/swarm/server_process.h"
#include "tests/support/certificates.h"

namespace evenkeel::swarm {
namespace {

constexpr size_t kFew = 10;

struct Options {
  std::string coordinator;
  size_t agents = 5000;
  int beat_ms = 1000;
  int suspect_after_ms = 3000;
  int measure_ms = 30000;
  size_t losses = 5;
};

// What the server's log has told.
class ServerLog {
 public:
  void OnLine(absl::Time read, const nlohmann::json& line) {
    const std::string message = line.value("message", "");
    absl::MutexLock lock(&mutex_);
    if (message == "started") port_ = line.value("port", 0);
    if (message == "beats are missing") missed_.emplace(line.value("node", ""), read);
  }

  int AwaitPort() {
    const auto known = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return port_ != 0; };
    absl::MutexLock lock(&mutex_);
    EVENKEEL_CHECK(mutex_.AwaitWithTimeout(absl::Condition(&known), absl::Seconds(30)))
        << "the server does not listen";
    return port_;
  }

  absl::Time AwaitMissed(const std::string& node) {
    const auto told = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return missed_.contains(node); };
    absl::MutexLock lock(&mutex_);
    EVENKEEL_CHECK(mutex_.AwaitWithTimeout(absl::Condition(&told), absl::Minutes(1)))
        << node << " is not missed";
    return missed_[node];
  }

  size_t missed() const {
    absl::MutexLock lock(&mutex_);
    return missed_.size();
  }

 private:
  mutable absl::Mutex mutex_;
  int port_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, absl::Time> missed_ ABSL_GUARDED_BY(mutex_);
};

// From an agent's last beat to the coordinator's notice, for `count` agents one after the other.
nlohmann::json MeasureLosses(Agents& agents, ServerLog& log, size_t first, size_t count) {
  std::vector<double> delays_s;
  for (size_t i = first; i < first + count; ++i) {
    const absl::Time last_beat = agents.Silence(i);
    delays_s.push_back(absl::ToDoubleSeconds(log.AwaitMissed(NodeName(i)) - last_beat));
  }
  std::sort(delays_s.begin(), delays_s.end());
  return {{"median_s", delays_s[delays_s.size() / 2]}, {"max_s", delays_s.back()}};
}

// What the coordinator spends while nothing happens but beats.
nlohmann::json MeasureCost(const Agents& agents, const ServerProcess& process, absl::Duration time) {
  const absl::Duration cpu_before = process.CpuTime();
  const Agents::Totals before = agents.totals();
  const absl::Time began = absl::Now();
  absl::SleepFor(time);
  const absl::Duration cpu = process.CpuTime() - cpu_before;
  const Agents::Totals after = agents.totals();
  const absl::Duration took = absl::Now() - began;
  const auto beats = static_cast<double>(after.beats - before.beats);
  return {{"open", after.open},
          {"lost", after.lost},
          {"beats_per_s", beats / absl::ToDoubleSeconds(took)},
          {"acknowledgements_per_s", static_cast<double>(after.acknowledgements - before.acknowledgements) /
                                         absl::ToDoubleSeconds(took)},
          {"cpu_us_per_beat", absl::ToDoubleMicroseconds(cpu) / beats},
          {"cores", absl::FDivDuration(cpu, took)}};
}

// How the agents beat: as an operator would set it.
void ApplyPolicy(const std::string& target, const std::string& server_ca,
                 const testing::Identity& operator_identity, const Options& options) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = server_ca;
  tls.pem_cert_chain = operator_identity.certificate_pem;
  tls.pem_private_key = operator_identity.key_pem;
  const auto stub = v1::PolicyService::NewStub(grpc::CreateChannel(target, grpc::SslCredentials(tls)));
  v1::ApplyPolicyRequest request;
  request.mutable_policy()->set_name("policies/swarm");
  v1::FailoverPolicy* failover = request.mutable_policy()->mutable_failover();
  failover->set_cluster(kCluster);
  const auto set = [](int ms, google::protobuf::Duration* duration) {
    duration->set_seconds(ms / 1000);
    duration->set_nanos(ms % 1000 * 1'000'000);
  };
  set(options.beat_ms, failover->mutable_beat_interval());
  set(options.suspect_after_ms, failover->mutable_suspect_after());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::ApplyPolicyResponse response;
  const grpc::Status status = stub->ApplyPolicy(&context, request, &response);
  EVENKEEL_CHECK(status.ok()) << "the policy is not applied: " << status.error_message();
}

nlohmann::json Measure(const Options& options, const std::filesystem::path& folder) {
  const auto write = [&folder](const char* name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  };
  const testing::CertificateAuthority server_ca("swarm server CA");
  const testing::CertificateAuthority clients_ca("swarm clients CA");
  const testing::Identity server = server_ca.Issue(
      {.common_name = "coordinator", .dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1"}});
  ServerLog log;
  const ServerProcess process(
      {options.coordinator, "--cluster", absl::StrCat(kCluster, "=none"), "--data",
       (folder / "data").string(), "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
       "--certificate-file", write("server.crt", server.certificate_pem), "--key-file",
       write("server.key", server.key_pem), "--client-ca-file",
       write("clients.crt", clients_ca.certificate_pem()), "--log-format", "json"},
      [&log](absl::Time read, const nlohmann::json& line) { log.OnLine(read, line); });
  const std::string target = absl::StrCat("127.0.0.1:", log.AwaitPort());
  ApplyPolicy(target, server_ca.certificate_pem(),
              clients_ca.Issue({.common_name = "swarm", .organizations = {"evenkeel:operators"}}), options);
  Agents agents(target, server_ca.certificate_pem(), clients_ca);
  const absl::Duration settle = absl::Seconds(3) + absl::Milliseconds(2 * options.beat_ms);

  agents.Grow(kFew, absl::Minutes(1));
  absl::SleepFor(settle);
  const nlohmann::json noticed_few = MeasureLosses(agents, log, 0, options.losses);
  const size_t memory_few = process.Memory();

  std::cerr << "opening " << options.agents << " sessions\n";
  agents.Grow(options.agents, absl::Minutes(10));
  absl::SleepFor(settle);
  std::cerr << "measuring for " << options.measure_ms / 1000 << " s\n";
  const nlohmann::json cost = MeasureCost(agents, process, absl::Milliseconds(options.measure_ms));
  const size_t memory_all = process.Memory();
  const size_t falsely_missed = log.missed() - options.losses;
  const nlohmann::json noticed_all = MeasureLosses(agents, log, kFew, options.losses);

  nlohmann::json result = {{"agents", options.agents},
                           {"beat_ms", options.beat_ms},
                           {"suspect_after_ms", options.suspect_after_ms},
                           {"falsely_missed", falsely_missed},
                           {"memory_bytes", memory_all},
                           {"memory_bytes_per_session", static_cast<double>(memory_all - memory_few) /
                                                            static_cast<double>(options.agents - kFew)},
                           {"noticed_with_10", noticed_few},
                           {"noticed_with_all", noticed_all}};
  result.update(cost);
  return result;
}

int Run(const Options& options) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);  // the server inherits it

  std::string folder = (std::filesystem::temp_directory_path() / "swarm-XXXXXX").string();
  EVENKEEL_CHECK(mkdtemp(folder.data()) != nullptr) << folder;
  const nlohmann::json result = Measure(options, folder);
  std::filesystem::remove_all(folder);
  std::cout << result.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace evenkeel::swarm

int main(int argc, char** argv) {
  evenkeel::base::PrepareProcess();
  CLI::App app(
      "Measures what agents cost the coordinator, and how soon it notices the loss of one. Prints JSON.");
  evenkeel::swarm::Options options;
  options.coordinator =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "evenkeel-coordinator").string();
  const auto in_ms = CLI::AsNumberWithUnit(std::map<std::string, int>{{"ms", 1}, {"s", 1000}});
  app.add_option("--coordinator", options.coordinator, "The program to measure");
  app.add_option("--agents", options.agents, "Sessions to hold")
      ->check(CLI::Range(20, 50000))
      ->capture_default_str();
  app.add_option("--beat", options.beat_ms, "Beat interval, as 1s or 200ms")->transform(in_ms);
  app.add_option("--suspect-after", options.suspect_after_ms, "Silence that counts as loss, as 3s")
      ->transform(in_ms);
  app.add_option("--measure", options.measure_ms, "How long to measure, as 30s")->transform(in_ms);
  app.add_option("--losses", options.losses, "Agents lost one after the other")->check(CLI::Range(1, 9));
  CLI11_PARSE(app, argc, argv);
  return evenkeel::swarm::Run(options);
}
