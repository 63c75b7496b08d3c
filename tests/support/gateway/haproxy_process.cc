#include "tests/support/gateway/haproxy_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/check.h"
#include "coordinator/gateway/call.h"
#include "coordinator/gateway/haproxy_answers.h"
#include "coordinator/gateway/haproxy_socket.h"

namespace evenkeel::testing {
namespace {

constexpr char kProgram[] = "/usr/sbin/haproxy";
constexpr std::chrono::milliseconds kLookAgain(10);
constexpr std::chrono::seconds kPatience(60);

// What a HAProxy must have for Evenkeel (deploy/haproxy/README.md). idle-close-on-response lets kept
// connections end in good order at a reload.
constexpr char kConfiguration[] = R"(global
  stats socket FOLDER/admin.sock mode 600 level admin expose-fd listeners
  stats socket 127.0.0.1:ADMIN_PORT level admin
  maxconn 400
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 2s
  option idle-close-on-response
frontend shop
  bind 127.0.0.1:PORT
  http-request set-var(txn.evenkeel_canary) req.hdr(x-evenkeel-canary)
  use_backend %[str(canary/),concat(,txn.evenkeel_canary),map_str(FOLDER/shop.map)] if { str(canary/),concat(,txn.evenkeel_canary),map_str(FOLDER/shop.map) -m found }
  use_backend %[rand(100),map_str(FOLDER/shop.map)]
)";

}  // namespace

int FreePort() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EVENKEEL_CHECK(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                 getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0)
      << "no free port on loopback";
  close(descriptor);
  return ntohs(address.sin_port);
}

HaproxyProcess::HaproxyProcess(std::vector<Section> sections) : port_(FreePort()), admin_port_(FreePort()) {
  std::string folder = (std::filesystem::temp_directory_path() / "evenkeel-haproxy-XXXXXX").string();
  EVENKEEL_CHECK(mkdtemp(folder.data()) != nullptr) << "no folder " << folder;
  folder_ = folder;
  std::string configuration = absl::StrReplaceAll(
      kConfiguration,
      {{"FOLDER", folder}, {"ADMIN_PORT", absl::StrCat(admin_port_)}, {"PORT", absl::StrCat(port_)}});
  for (const Section& section : sections) {
    absl::StrAppend(&configuration, "backend ", section.name, "\n");
    for (const Server& server : section.servers) {
      absl::StrAppend(&configuration, "  server ", server.name, " 127.0.0.1:", server.port, " weight ",
                      server.weight, " check inter 200ms\n");
    }
  }
  std::ofstream(File("haproxy.cfg")) << configuration;
  std::ofstream map(map_file());
  for (int slot = 0; slot < 100; ++slot) map << slot << " " << sections.front().name << "\n";
  map.close();

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, File("log").c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  std::string program = kProgram;
  std::string master = File("master.sock");
  std::string file = File("haproxy.cfg");
  std::string w = "-W";
  std::string s = "-S";
  std::string db = "-db";
  std::string f = "-f";
  std::array<char*, 8> arguments = {program.data(), w.data(), s.data(),    master.data(),
                                    db.data(),      f.data(), file.data(), nullptr};
  const int error = posix_spawn(&master_, kProgram, &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  EVENKEEL_CHECK(error == 0) << "cannot run " << kProgram << ": deploy/packages/install test";
  AwaitOtherWorker("");
}

HaproxyProcess::~HaproxyProcess() {
  kill(master_, SIGTERM);  // the master ends its workers
  waitpid(master_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}

std::string HaproxyProcess::Tell(const std::string& command) const {
  const coordinator::Interrupt interrupt;
  const auto address = coordinator::haproxy::SocketAddress::Parse(socket());
  const auto answer =
      coordinator::haproxy::Ask(*address, command, coordinator::Call(absl::Seconds(10), interrupt));
  return answer.ok() ? *answer : "";
}

std::string HaproxyProcess::Worker() const {
  const auto process = coordinator::haproxy::ParseInfo(Tell("show info"));
  return process.ok() && !process->stopping ? process->Instance() : "";
}

void HaproxyProcess::AwaitOtherWorker(const std::string& than) const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (std::string now = Worker(); now.empty() || now == than; now = Worker()) {
    std::ifstream log(File("log"));
    EVENKEEL_CHECK(waitpid(master_, nullptr, WNOHANG) == 0 && std::chrono::steady_clock::now() < until)
        << "HAProxy does not run: " << std::string(std::istreambuf_iterator<char>(log), {});
    std::this_thread::sleep_for(kLookAgain);
  }
}

void HaproxyProcess::Reload() {
  const std::string before = Worker();
  kill(master_, SIGUSR2);
  AwaitOtherWorker(before);
}

}  // namespace evenkeel::testing
