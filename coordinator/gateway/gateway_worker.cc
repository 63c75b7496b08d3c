#include "coordinator/gateway/gateway_worker.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"

#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator {
namespace {

constexpr int kTriesUntilLost = 3;
// What is kept up has so much time even where readings are due all the time.
constexpr absl::Duration kLeastKeep = absl::Milliseconds(250);
constexpr char kNotWatched[] = "the route is not watched, so it is not known what it is made of";

// Asking again may bring a reading.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsInternal(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status);
}

bool Overtakes(const ShapeOrder& order, const ShapeOrder& other) {
  return other.wish.key == order.wish.key && IsBefore(other.wish.mark, order.wish.mark);
}

}  // namespace

GatewayWorker::GatewayWorker(Options options, Gateway& gateway, GatewayListener& listener)
    : options_(options),
      gateway_(&gateway),
      listener_(&listener),
      keep_due_(gateway.keeps() ? Clock::now() : Clock::time_point::max()),
      thread_([this] { Run(); }) {}

GatewayWorker::~GatewayWorker() {
  std::deque<ShapeOrder> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(orders_);
    if (interrupt_ != nullptr) interrupt_->End();
  }
  changed_.notify_all();
  thread_.join();
  for (const ShapeOrder& order : left) Answer(order, ActionOutcome::kWithdrawn, "the coordinator stops");
}

void GatewayWorker::Watch(const WatchRoute& request) {
  {
    const std::lock_guard lock(mutex_);
    if (request.period <= absl::ZeroDuration()) {
      watched_.erase(request.key);
      return;
    }
    if (watched_.contains(request.key) || watched_.size() < options_.most_routes) {
      watched_[request.key] = {.place = {.route = request.key.route, .parts = request.parts},
                               .period = request.period,
                               .due = Clock::now()};
      EndKeeping();
      changed_.notify_all();
      return;
    }
  }
  listener_->RouteWasLost(request.key, "too many routes of this gateway are watched");
}

void GatewayWorker::Check(const CheckBackend& request) {
  {
    const std::lock_guard lock(mutex_);
    if (checks_.size() < options_.most_checks) {
      checks_.push_back(request);
      EndKeeping();
      changed_.notify_all();
      return;
    }
  }
  Answer(request, NotTried(request.backend, "too many questions wait for this gateway"));
}

void GatewayWorker::Do(ShapeOrder order) {
  if (std::string why = WhyNot(order); !why.empty()) {
    return Answer(order, ActionOutcome::kNotMine, std::move(why));
  }
  std::vector<ShapeOrder> overtaken;
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto other = orders_.begin(); other != orders_.end();) {
      if (!Overtakes(order, *other)) {
        ++other;
        continue;
      }
      overtaken.push_back(std::move(*other));
      other = orders_.erase(other);
    }
    full = orders_.size() >= options_.most_orders;
    if (!full) {
      // A reading, a try, or a wish that this one overtakes.
      if (interrupt_ != nullptr && (!under_way_ || Overtakes(order, *under_way_))) interrupt_->End();
      orders_.push_back(order);
    }
  }
  changed_.notify_all();
  for (const ShapeOrder& other : overtaken) {
    Answer(other, ActionOutcome::kWithdrawn, "a later wish for this route came before its turn");
  }
  if (full) Answer(order, ActionOutcome::kUnreachable, "too many wishes wait for this gateway");
}

void GatewayWorker::Withdraw(DecisionId decision) {
  std::vector<ShapeOrder> withdrawn;
  {
    const std::lock_guard lock(mutex_);
    for (auto order = orders_.begin(); order != orders_.end();) {
      if (order->decision != decision) {
        ++order;
        continue;
      }
      withdrawn.push_back(std::move(*order));
      order = orders_.erase(order);
    }
  }
  for (const ShapeOrder& order : withdrawn) {
    Answer(order, ActionOutcome::kWithdrawn, "taken back before it was sent");
  }
}

void GatewayWorker::StopFor(const std::string& cluster, const std::string& why) {
  std::vector<ShapeOrder> stopped;
  {
    const std::lock_guard lock(mutex_);
    stopped_[cluster] = why;
    for (auto order = orders_.begin(); order != orders_.end();) {
      if (order->cluster != cluster) {
        ++order;
        continue;
      }
      stopped.push_back(std::move(*order));
      order = orders_.erase(order);
    }
    if (under_way_ && under_way_->cluster == cluster) interrupt_->End();
  }
  for (const ShapeOrder& order : stopped) Answer(order, ActionOutcome::kNotMine, why);
}

std::string GatewayWorker::WhyNot(const ShapeOrder& order) {
  const std::lock_guard lock(mutex_);
  const auto found = stopped_.find(order.cluster);
  return found == stopped_.end() ? "" : found->second;
}

void GatewayWorker::EndKeeping() {
  if (keeping_) interrupt_->End();
}

GatewayWorker::Clock::time_point GatewayWorker::NextDue() {
  Clock::time_point next = Clock::time_point::max();
  for (const auto& [key, watched] : watched_) next = std::min(next, watched.due);
  return next;
}

void GatewayWorker::Answer(const ShapeOrder& order, ActionOutcome outcome, std::string detail) {
  listener_->OrderEnded({.decision = order.decision,
                         .number = order.number,
                         .outcome = outcome,
                         .detail = std::move(detail),
                         .attempt = order.attempt});
}

void GatewayWorker::Answer(const CheckBackend& check, std::vector<ServerCheck> servers) {
  listener_->BackendWasChecked({.request_id = check.request_id, .servers = std::move(servers)});
}

GatewayWorker::Task GatewayWorker::TakeDue(Clock::time_point now) {
  Task task;
  if (!orders_.empty()) {
    task.order = std::move(orders_.front());
    orders_.pop_front();
    task.key = task.order->wish.key;
  } else if (!checks_.empty()) {
    task.check = std::move(checks_.front());
    checks_.pop_front();
    task.key = task.check->key;
  } else {
    const auto first = std::min_element(
        watched_.begin(), watched_.end(),
        [](const auto& left, const auto& right) { return left.second.due < right.second.due; });
    // Whatever has waited for longer.
    if (first == watched_.end() || keep_due_ < first->second.due) {
      task.keep = true;
      return task;
    }
    task.key = first->first;
    first->second.due = now + absl::ToChronoNanoseconds(first->second.period);
  }
  const auto watched = watched_.find(task.key);
  if (watched != watched_.end()) task.place = watched->second.place;
  return task;
}

std::optional<GatewayWorker::Task> GatewayWorker::Next() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return std::nullopt;
    const Clock::time_point now = Clock::now();
    const Clock::time_point next = std::min(keep_due_, NextDue());
    if (!orders_.empty() || !checks_.empty() || next <= now) return TakeDue(now);
    if (next == Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

void GatewayWorker::Run() {
  while (const std::optional<Task> task = Next()) {
    if (task->order) {
      Carry(*task->order, task->place);
    } else if (task->check) {
      Try(*task->check, task->place);
    } else if (task->keep) {
      KeepUp();
    } else if (task->place) {
      ReadRoute(task->key, *task->place);
    }
  }
}

void GatewayWorker::Begin(Interrupt& interrupt, std::optional<ShapeOrder> order, bool keeps) {
  const std::lock_guard lock(mutex_);
  // Between the choice of what to do and now something may have come that ends it.
  const bool goes_first = std::any_of(orders_.begin(), orders_.end(), [&](const ShapeOrder& other) {
    return !order || Overtakes(other, *order);
  });
  const bool is_anothers = order && stopped_.contains(order->cluster);
  if (stopping_ || goes_first || is_anothers || (keeps && !checks_.empty())) interrupt.End();
  interrupt_ = &interrupt;
  keeping_ = keeps;
  under_way_ = std::move(order);
}

void GatewayWorker::End() {
  const std::lock_guard lock(mutex_);
  interrupt_ = nullptr;
  keeping_ = false;
  under_way_.reset();
}

void GatewayWorker::Carry(const ShapeOrder& order, const std::optional<RoutePlace>& place) {
  if (!place) return Answer(order, ActionOutcome::kRefused, kNotWatched);
  Interrupt interrupt;
  Begin(interrupt, order);
  ShapeAnswer answer = gateway_->Shape(*place, order.wish, Call(options_.write_deadline, interrupt));
  End();
  if (answer.reading) TellReading(order.wish.key, *place, *answer.reading);
  const bool is_done =
      answer.outcome == ActionOutcome::kDone || answer.outcome == ActionOutcome::kAlreadyDone;
  if (std::string why = WhyNot(order); !why.empty() && !is_done) {
    return Answer(order, ActionOutcome::kNotMine, std::move(why));
  }
  Answer(order, answer.outcome, std::move(answer.detail));
}

void GatewayWorker::Try(const CheckBackend& check, const std::optional<RoutePlace>& place) {
  if (!place) return Answer(check, NotTried(check.backend, kNotWatched));
  Interrupt interrupt;
  Begin(interrupt, std::nullopt);
  const absl::Duration deadline = check.timeout > absl::ZeroDuration()
                                      ? std::min(check.timeout, options_.check_deadline)
                                      : options_.check_deadline;
  std::vector<ServerCheck> servers = gateway_->Check(
      *place, {.backend = check.backend, .port = check.port, .path = check.path}, Call(deadline, interrupt));
  End();
  if (!interrupt.ended()) return Answer(check, std::move(servers));
  const std::lock_guard lock(mutex_);
  if (!stopping_) checks_.push_front(check);
}

// That it could not be done goes by: the next time is soon.
void GatewayWorker::KeepUp() {
  Interrupt interrupt;
  Begin(interrupt, std::nullopt, true);
  absl::Duration deadline = options_.keep_deadline;
  {
    const std::lock_guard lock(mutex_);
    const Clock::time_point next = NextDue();
    if (next != Clock::time_point::max()) {
      deadline = std::min(deadline, std::max(kLeastKeep, absl::FromChrono(next - Clock::now())));
    }
  }
  static_cast<void>(gateway_->Keep(Call(deadline, interrupt)));
  End();
  const std::lock_guard lock(mutex_);
  keep_due_ = Clock::now();
  // What was ended is begun anew after what ended it.
  if (!interrupt.ended()) keep_due_ += absl::ToChronoNanoseconds(options_.keep_every);
}

void GatewayWorker::ReadRoute(const RouteKey& key, const RoutePlace& place) {
  Interrupt interrupt;
  Begin(interrupt, std::nullopt);
  const Clock::time_point began = Clock::now();
  const absl::StatusOr<RouteReading> reading = gateway_->Read(place, Call(options_.read_deadline, interrupt));
  End();
  if (reading.ok()) return TellReading(key, place, *reading);
  NoteFailure(key, reading.status(), began);
}

void GatewayWorker::TellReading(const RouteKey& key, const RoutePlace& place, const RouteReading& reading) {
  {
    const std::lock_guard lock(mutex_);
    const auto watched = watched_.find(key);
    if (watched == watched_.end()) return;  // nobody asks any more
    watched->second.failures = 0;
    watched->second.lost = false;
  }
  const absl::StatusOr<GatewayAbilities> abilities = gateway_->AbilitiesOf(place);
  listener_->RouteWasRead(key, reading, abilities.ok() ? *abilities : gateway_->abilities());
}

void GatewayWorker::NoteFailure(const RouteKey& key, const absl::Status& why, Clock::time_point began) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(key);
    if (found == watched_.end()) return;
    Watched& watched = found->second;
    const Clock::time_point now = Clock::now();
    if (absl::IsCancelled(why)) {
      watched.due = now;
      return;
    }
    watched.due = now + absl::ToChronoNanoseconds(std::min(options_.retry, watched.period));
    if (watched.failures++ == 0) watched.failing_since = began;
    const bool long_enough = watched.failures >= kTriesUntilLost ||
                             absl::FromChrono(now - watched.failing_since) >= options_.lost_after;
    if (watched.lost || (MayPass(why) && !long_enough)) return;
    watched.lost = true;
  }
  listener_->RouteWasLost(key, std::string(why.message()));
}

}  // namespace evenkeel::coordinator
