#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace evenkeel::testing {

// A real HAProxy (master and worker) on loopback, in a folder of its own. Ended by its process id.
class HaproxyProcess {
 public:
  struct Server {
    std::string name;
    int port = 0;
    int weight = 100;
  };
  struct Section {
    std::string name;
    std::vector<Server> servers;
  };
  // One frontend; its route is the map `map_file()`, in which the first section has all requests.
  explicit HaproxyProcess(std::vector<Section> sections);
  ~HaproxyProcess();
  HaproxyProcess(const HaproxyProcess&) = delete;
  HaproxyProcess& operator=(const HaproxyProcess&) = delete;

  int port() const { return port_; }  // of the frontend
  std::string socket() const { return "unix:" + File("admin.sock"); }
  std::string tcp_socket() const { return "tcp:127.0.0.1:" + std::to_string(admin_port_); }
  std::string master() const { return "unix:" + File("master.sock"); }
  std::string map_file() const { return File("shop.map"); }

  // A new worker takes over, with the files as they are; returns when it answers the socket.
  void Reload();
  // What the runtime socket answers.
  std::string Tell(const std::string& command) const;

 private:
  std::string File(const std::string& name) const { return (folder_ / name).string(); }
  std::string Worker() const;  // pid of the one that answers the socket; empty: none
  void AwaitOtherWorker(const std::string& than) const;

  std::filesystem::path folder_;
  int port_ = 0;
  int admin_port_ = 0;
  pid_t master_ = -1;
};

// A port on loopback that is free now.
int FreePort();

}  // namespace evenkeel::testing
