#include "coordinator/gateway/gateway_worker.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/gateway/mark.h"

namespace evenkeel::coordinator {
namespace {

constexpr int kTriesUntilLost = 3;

// Asking again may bring a reading.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsInternal(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status);
}

}  // namespace

GatewayWorker::GatewayWorker(Options options, Gateway& gateway, GatewayListener& listener)
    : options_(std::move(options)), gateway_(&gateway), listener_(&listener), thread_([this] { Run(); }) {}

GatewayWorker::~GatewayWorker() {
  std::deque<ShapeOrder> left;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    left.swap(orders_);
    if (interrupt_ != nullptr) interrupt_->End();
  }
  thread_.join();
  for (const ShapeOrder& order : left) Answer(order, ActionOutcome::kWithdrawn, "the coordinator stops");
}

void GatewayWorker::Watch(const RouteKey& key, RouteParts parts, absl::Duration period) {
  bool too_many = false;
  {
    absl::MutexLock lock(&mutex_);
    if (period <= absl::ZeroDuration()) {
      watched_.erase(key);
      return;
    }
    too_many = watched_.size() >= options_.most_routes && !watched_.contains(key);
    if (!too_many) {
      watched_[key] = {{.route = key.route, .parts = std::move(parts)}, period, Clock::now()};
    }
  }
  if (too_many) listener_->GatewayWasLost(options_.name, "too many of its routes are watched");
}

void GatewayWorker::Do(ShapeOrder order) {
  std::vector<ShapeOrder> overtaken;
  bool full = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto is_overtaken = [&order](const ShapeOrder& other) {
      return other.wish.key == order.wish.key && IsBefore(other.wish.mark, order.wish.mark);
    };
    for (auto other = orders_.begin(); other != orders_.end();) {
      if (!is_overtaken(*other)) {
        ++other;
        continue;
      }
      overtaken.push_back(std::move(*other));
      other = orders_.erase(other);
    }
    full = orders_.size() >= options_.most_orders;
    if (!full) {
      // A reading, or a wish that this one overtakes.
      if (interrupt_ != nullptr && (!under_way_ || is_overtaken(*under_way_))) interrupt_->End();
      orders_.push_back(order);
    }
  }
  for (const ShapeOrder& other : overtaken) {
    Answer(other, ActionOutcome::kWithdrawn, "a later wish for this route came before its turn");
  }
  if (full) Answer(order, ActionOutcome::kUnreachable, "too many wishes wait for this gateway");
}

void GatewayWorker::Withdraw(DecisionId decision) {
  std::vector<ShapeOrder> withdrawn;
  {
    absl::MutexLock lock(&mutex_);
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

void GatewayWorker::Answer(const ShapeOrder& order, ActionOutcome outcome, std::string detail) {
  listener_->OrderEnded({.decision = order.decision,
                         .number = order.number,
                         .outcome = outcome,
                         .detail = std::move(detail),
                         .attempt = order.attempt});
}

bool GatewayWorker::HasWork() const {
  if (stopping_ || !orders_.empty()) return true;
  const Clock::time_point now = Clock::now();
  return std::any_of(watched_.begin(), watched_.end(),
                     [now](const auto& watched) { return watched.second.due <= now; });
}

void GatewayWorker::Run() {
  for (;;) {
    std::optional<ShapeOrder> order;
    std::optional<RouteKey> key;
    std::optional<RoutePlace> place;
    {
      absl::MutexLock lock(&mutex_);
      for (;;) {
        Clock::time_point next = Clock::now() + std::chrono::hours(1);
        for (const auto& [watched_key, watched] : watched_) next = std::min(next, watched.due);
        const auto wait = absl::FromChrono(next - Clock::now());
        // Woken by what changes; or by the time of the next reading.
        const auto changed = [this, count = watched_.size(), next]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          if (HasWork() || watched_.size() != count) return true;
          return std::any_of(watched_.begin(), watched_.end(),
                             [next](const auto& watched) { return watched.second.due < next; });
        };
        mutex_.AwaitWithTimeout(absl::Condition(&changed), std::max(wait, absl::ZeroDuration()));
        if (HasWork()) break;
      }
      if (stopping_) return;
      if (!orders_.empty()) {
        order = std::move(orders_.front());
        orders_.pop_front();
        const auto watched = watched_.find(order->wish.key);
        if (watched != watched_.end()) place = watched->second.place;
      } else {
        const auto first = std::min_element(
            watched_.begin(), watched_.end(),
            [](const auto& left, const auto& right) { return left.second.due < right.second.due; });
        key = first->first;
        place = first->second.place;
        first->second.due = Clock::now() + absl::ToChronoNanoseconds(first->second.period);
      }
    }
    if (order) {
      Carry(*order, place);
    } else {
      ReadRoute(*key, *place);
    }
  }
}

void GatewayWorker::Carry(const ShapeOrder& order, const std::optional<RoutePlace>& place) {
  if (!place) {
    return Answer(order, ActionOutcome::kRefused,
                  "the route is not watched, so it is not known what it is made of");
  }
  Interrupt interrupt;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) interrupt.End();
    interrupt_ = &interrupt;
    under_way_ = order;
  }
  ShapeAnswer answer = gateway_->Shape(*place, order.wish, Call(options_.write_deadline, interrupt));
  {
    absl::MutexLock lock(&mutex_);
    interrupt_ = nullptr;
    under_way_.reset();
  }
  if (answer.reading) NoteReading(order.wish.key, *answer.reading, *place);
  Answer(order, answer.outcome, std::move(answer.detail));
}

void GatewayWorker::ReadRoute(const RouteKey& key, const RoutePlace& place) {
  Interrupt interrupt;
  {
    absl::MutexLock lock(&mutex_);
    // Between the choice of what to do and now an order may have come: it goes first.
    if (stopping_ || !orders_.empty()) interrupt.End();
    interrupt_ = &interrupt;
  }
  const absl::StatusOr<RouteReading> reading = gateway_->Read(place, Call(options_.read_deadline, interrupt));
  {
    absl::MutexLock lock(&mutex_);
    interrupt_ = nullptr;
    const auto watched = watched_.find(key);
    if (watched == watched_.end()) return;  // nobody asks any more
    if (absl::IsCancelled(reading.status())) {
      watched->second.due = Clock::now();
    } else if (!reading.ok()) {
      watched->second.due =
          Clock::now() + absl::ToChronoNanoseconds(std::min(options_.retry, watched->second.period));
    }
  }
  NoteReading(key, reading, place);
}

void GatewayWorker::NoteReading(const RouteKey& key, const absl::StatusOr<RouteReading>& reading,
                                const RoutePlace& place) {
  if (reading.ok()) {
    failures_ = 0;
    lost_ = false;
    const absl::StatusOr<GatewayAbilities> abilities = gateway_->AbilitiesOf(place);
    return listener_->RouteWasRead(key, *reading, abilities.ok() ? *abilities : gateway_->abilities());
  }
  if (absl::IsCancelled(reading.status())) return;
  if (failures_++ == 0) first_failure_ = Clock::now();
  const bool long_enough =
      failures_ >= kTriesUntilLost || absl::FromChrono(Clock::now() - first_failure_) >= options_.lost_after;
  if (lost_ || (MayPass(reading.status()) && !long_enough)) return;
  lost_ = true;
  listener_->GatewayWasLost(options_.name, absl::StrCat(key.route, ": ", reading.status().message()));
}

}  // namespace evenkeel::coordinator
