#include "coordinator/prober/name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>

#include <csignal>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

// A name with more addresses than that is no gateway's.
constexpr size_t kMostAddresses = 16;

struct AddressesDeleter {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

absl::StatusOr<std::vector<ProbeAddress>> Resolve(const std::string& host, uint16_t port) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first);
  const std::unique_ptr<addrinfo, AddressesDeleter> owned(error == 0 ? first : nullptr);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("the name ", host, " did not resolve: ", gai_strerror(error)));
  }
  std::vector<ProbeAddress> addresses;
  for (const addrinfo* one = first; one != nullptr && addresses.size() < kMostAddresses; one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    ProbeAddress& address = addresses.emplace_back();
    std::memcpy(&address.address, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
  }
  if (addresses.empty()) {
    return absl::UnavailableError(absl::StrCat("the name ", host, " has no address"));
  }
  return addresses;
}

}  // namespace

NameLookup::NameLookup(Found found) : found_(std::move(found)) {
  // The process's signals are for the threads that wait for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "prober-names");
}

NameLookup::~NameLookup() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void NameLookup::Ask(const std::string& host, uint16_t port) {
  absl::MutexLock lock(&mutex_);
  asked_.emplace(host, port);
}

void NameLookup::Run() {
  // Of this thread's resolver alone.
  if (res_init() == 0) {
    _res.retrans = 1;
    _res.retry = 1;
  }
  const auto something = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stop_ || !asked_.empty(); };
  for (;;) {
    std::pair<std::string, uint16_t> next;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&something));
      if (stop_) return;
      next = *asked_.begin();
      asked_.erase(asked_.begin());
    }
    const absl::StatusOr<std::vector<ProbeAddress>> addresses = Resolve(next.first, next.second);
    {
      absl::MutexLock lock(&mutex_);
      if (stop_) return;
    }
    found_(next.first, next.second, addresses);
  }
}

}  // namespace evenkeel::coordinator
