#include "tests/simulation/coordinator_host.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "coordinator/session/health_reader.h"
#include "coordinator/usage/usage_book.h"

namespace evenkeel::simulation {

using namespace coordinator;  // the process speaks the core's language

namespace {

constexpr uint16_t kAgentPort = 9440;
constexpr char kApiAddress[] = "10.0.0.250";
constexpr uint16_t kApiPort = 6443;
constexpr uint64_t kBeatsPerAcknowledgement = 10;
// As AgentSessions::Options has them.
constexpr absl::Duration kEndOverdueAfter = absl::Minutes(1);
// As UsageReports has them.
constexpr absl::Duration kTellSudden = absl::Milliseconds(250);
constexpr uint64_t kTellsPerSecond = 4;
constexpr BeatMonitor::Settings kFirstBeats = {absl::Seconds(1), absl::Seconds(3), absl::Seconds(9)};

}  // namespace

struct CoordinatorHost::Session {
  uint64_t id = 0;
  uint64_t connection = 0;
  NodeKey node;
  BeatMonitor::Watched* watched = nullptr;
  absl::Time last_beat;                 // or the opening
  uint64_t last_beat_node_time_ms = 0;  // 0 = never beat
  HealthReader health;
};

// What dies with it.
struct CoordinatorHost::Process {
  Process(SimulatedDisk& disk, const Knobs& knobs, Dice& dice, Marks& marks, absl::Time now)
      : store(disk, knobs, dice, marks), monitor(kFirstBeats, now) {}

  SimulatedStore store;
  std::unique_ptr<Loop> loop;
  BeatMonitor monitor;
  UsageBook usage;
  uint64_t usage_tells = 0;                               // so far; 0 until somebody asks for any
  std::map<uint64_t, Session> sessions;                   // by id
  absl::flat_hash_map<uint64_t, Session*> by_connection;  // never walked through
  std::map<std::string, Session*> by_node;
  std::vector<Event> inbox;
  Effects released;                           // of the turn under way
  std::optional<std::vector<Event>> untold;   // of the turn whose commit the observer has not been told of
  absl::Time stepped = absl::InfinitePast();  // when its steps were made
  absl::Time paused_until = absl::InfinitePast();
  std::vector<std::function<void()>> held;       // what came while it was stopped
  absl::Time busy_until = absl::InfinitePast();  // the loop waits for its disk
  absl::Time woken_at = absl::InfiniteFuture();  // the next look that is arranged
  uint64_t looks = 0;  // arranged; only the last one is taken, or each would arrange its own next one
};

CoordinatorHost::CoordinatorHost(Surroundings surroundings, uint64_t seed)
    : around_(std::move(surroundings)), dice_(seed) {}

CoordinatorHost::~CoordinatorHost() = default;

// ---- its life ----

void CoordinatorHost::Start() {
  EVENKEEL_CHECK(!runs()) << "the coordinator runs already";
  ++life_;
  process_ =
      std::make_unique<Process>(around_.disk, around_.knobs, dice_, around_.marks, around_.schedule.now());
  started_ = around_.schedule.now();
  process_->store.Order(ordered_);
  const Restored restored = *process_->store.Open();
  process_->loop = std::make_unique<Loop>(restored, process_->store, static_cast<Outlet&>(*this),
                                          around_.schedule, recorder_);
  around_.agents.SetListener(this);
  for (const std::string& cluster : around_.clusters())
    Post(ClusterAdded{.cluster = cluster, .api_address = kApiAddress, .api_port = kApiPort});
  if (around_.started) around_.started();
}

void CoordinatorHost::Kill() {
  if (runs()) Die();
}

void CoordinatorHost::Die() {
  TellWhatIsDurable();
  process_.reset();
  ++life_;
  if (zombie_) return;  // its agents have long been another's
  around_.agents.ListenerDied();
  if (around_.died) around_.died();
}

// Nothing of the turn was released, but what the disk has of it is so.
void CoordinatorHost::TellWhatIsDurable() {
  if (!process_->untold || around_.observer == nullptr || zombie_) return;
  Effects effects;
  effects.writes = process_->store.durable();
  for (const Write& write : effects.writes) {
    if (const auto* put = std::get_if<PutDecision>(&write))
      effects.notices.push_back(DecisionChanged{put->decision});
  }
  around_.observer->OnTurn(*process_->untold, effects);
  around_.observer->OnCrash();
}

uint64_t CoordinatorHost::epoch() const {
  return runs() ? process_->store.epoch() : 0;
}

void CoordinatorHost::InProcess(uint64_t life, std::function<void()> what) {
  if (!runs() || life != life_) return;
  Hear([this, life, what = std::move(what)] {
    if (life == life_) what();
  });
}

bool CoordinatorHost::paused() const {
  return runs() && around_.schedule.now() < process_->paused_until;
}

void CoordinatorHost::Pause(absl::Duration pause) {
  if (!runs()) return;
  process_->paused_until = std::max(process_->paused_until, around_.schedule.now() + pause);
  around_.schedule.After(pause, [this, pause, life = life_] {
    if (life != life_ || paused()) return;
    if (pause > absl::Seconds(1)) resumed_ = around_.schedule.now();
    // First what came first: the beats of the pause are read before anybody asks for them.
    std::vector<std::function<void()>> held;
    held.swap(process_->held);
    for (const auto& what : held) {
      what();
      if (life != life_) return;
    }
    Look();
  });
}

absl::Duration CoordinatorHost::turn_took() const {
  return runs() ? around_.schedule.now() - process_->stepped : absl::ZeroDuration();
}

void CoordinatorHost::OrderFault(CommitFault fault) {
  ordered_ = fault;
  if (runs()) process_->store.Order(fault);
}

void CoordinatorHost::Hear(std::function<void()> what) {
  if (!runs()) return;
  if (paused()) {
    process_->held.push_back(std::move(what));
  } else {
    what();
  }
}

void CoordinatorHost::Post(Event event, uint64_t life) {
  if (!runs() || (life != 0 && life != life_)) return;
  if (paused()) {
    process_->held.emplace_back([this, event = std::move(event)] { process_->inbox.push_back(event); });
    return;
  }
  process_->inbox.push_back(std::move(event));
  Wake();
}

// ---- the sessions' thread ----

void CoordinatorHost::OnHello(uint64_t connection, const std::string& node, uint32_t boots) {
  Hear([this, connection, node, boots] { Open(connection, node, boots); });
}

void CoordinatorHost::OnBeat(uint64_t connection, uint64_t sequence, absl::Time node_time) {
  if (!runs()) return;
  if (!paused()) return Beat(connection, sequence, node_time);
  process_->held.emplace_back(
      [this, connection, sequence, node_time] { Beat(connection, sequence, node_time); });
}

void CoordinatorHost::OnProbed(uint64_t connection, const ProbeAnswered& answer) {
  Hear([this, connection, answer] {
    if (process_->by_connection.contains(connection)) Post(answer);
  });
}

void CoordinatorHost::OnReport(uint64_t connection, const v1::Report& report) {
  Hear([this, connection, report] {
    const auto found = process_->by_connection.find(connection);
    if (found == process_->by_connection.end()) return;
    Session& session = *found->second;
    process_->usage.OnReport(session.node.node, report, around_.schedule.now());
    auto health = session.health.Read(report, around_.schedule.now());
    if (!health) return;
    Post(NodeHealthChanged{session.node, session.id, std::move(health->symptoms), health->all_known});
  });
}

void CoordinatorHost::OnEnd(uint64_t connection, bool goodbye, const std::string& reason) {
  Hear([this, connection, goodbye, reason] { Close(connection, goodbye, reason); });
}

void CoordinatorHost::Open(uint64_t connection, const std::string& node, uint32_t boots) {
  Process& process = *process_;
  // Given up while nobody read it: its end is found before its identity is.
  if (!around_.agents.Holds(connection)) return;
  if (const auto older = process.by_node.find(node); older != process.by_node.end()) {
    // To the core a session that is replaced is no loss: SessionOpened follows.
    Session& replaced = *older->second;
    process.monitor.Forget(replaced.watched);
    process.by_connection.erase(replaced.connection);
    around_.agents.End(replaced.connection);
    process.sessions.erase(replaced.id);
  }
  const absl::Time now = around_.schedule.now();
  Session& session = process.sessions[++sessions_];
  const std::string cluster = around_.cluster_of(node);
  session = {sessions_, connection, {cluster, node}, nullptr, now, 0, {}};
  session.watched = process.monitor.Watch(cluster, session.id, now);
  process.by_connection[connection] = &session;
  process.by_node[node] = &session;
  Post(SessionOpened{session.node, session.id, absl::StrCat("boot-", boots), "0.1.0", kAgentPort,
                     absl::StrCat("agent-", node)});
  around_.agents.Welcome(connection, process.monitor.SettingsOf(cluster).interval);
  process.usage.OnSession(node);  // its agent is asked anew whom to sample closely
}

void CoordinatorHost::Beat(uint64_t connection, uint64_t sequence, absl::Time node_time) {
  const auto found = process_->by_connection.find(connection);
  if (found == process_->by_connection.end()) return around_.agents.End(connection);  // of an earlier process
  Session& session = *found->second;
  session.last_beat = around_.schedule.now();
  session.last_beat_node_time_ms = static_cast<uint64_t>(absl::ToUnixMillis(node_time));
  if (process_->monitor.Beat(session.watched, session.last_beat)) Post(BeatResumed{session.node, session.id});
  if (sequence % kBeatsPerAcknowledgement == 0) around_.agents.Acknowledge(connection, sequence);
}

void CoordinatorHost::Close(uint64_t connection, bool goodbye, const std::string& reason) {
  const auto found = process_->by_connection.find(connection);
  if (found == process_->by_connection.end()) return;
  const Session session = *found->second;
  process_->monitor.Forget(session.watched);
  process_->by_connection.erase(found);
  process_->by_node.erase(session.node.node);
  process_->usage.OnSessionEnded(session.node.node);
  process_->sessions.erase(session.id);
  Post(SessionClosed{session.node, session.id, goodbye, reason, session.last_beat,
                     session.last_beat_node_time_ms});
}

void CoordinatorHost::WatchBeats() {
  const BeatMonitor::TurnResult result = process_->monitor.Turn(around_.schedule.now());
  if (DelayPoints(DelaySource::kSessions, result.late) > 0) {
    Post(OwnDelay{.source = DelaySource::kSessions, .delay = result.late});
  }
  for (const BeatMonitor::Overdue& overdue : result.overdue) {
    const uint64_t id = overdue.session_id;
    const Session& session = process_->sessions.at(id);
    Post(BeatMissed{session.node, id, session.last_beat, session.last_beat_node_time_ms, overdue.bound});
    around_.schedule.After(kEndOverdueAfter, [this, id, life = life_] {
      if (life != life_) return;
      Hear([this, id] {
        const auto silent = process_->sessions.find(id);
        if (silent == process_->sessions.end()) return;
        if (around_.schedule.now() - silent->second.last_beat < kEndOverdueAfter) return;
        const uint64_t connection = silent->second.connection;
        Close(connection, false, absl::StrCat("no beat for ", absl::FormatDuration(kEndOverdueAfter)));
        around_.agents.End(connection);
      });
    });
  }
}

void CoordinatorHost::Ask(const ProbeNode& request) {
  const auto witness = process_->by_node.find(request.witness.node);
  if (witness != process_->by_node.end() && witness->second->id == request.session_id) {
    return around_.agents.Probe(witness->second->connection, request);
  }
  Post(ProbeAnswered{request.probe_id, ProbeOutcome::kProberFailed, ProbeOutcome::kProberFailed,
                     ProbeOutcome::kProberFailed, absl::ZeroDuration()});
}

void CoordinatorHost::SetBeats(const coordinator::SetBeats& request) {
  const BeatMonitor::Settings settings{request.interval, request.suspect_after, request.max_suspect_after,
                                       request.patience_percent};
  if (!process_->monitor.Set(request.cluster, settings, around_.schedule.now())) return;
  for (const auto& [node, session] : process_->by_node) {
    if (session->node.cluster == request.cluster)
      around_.agents.Welcome(session->connection, request.interval);
  }
}

void CoordinatorHost::SetFencing(const coordinator::SetFencing& request) {
  const auto session = process_->sessions.find(request.session_id);
  if (session != process_->sessions.end()) around_.set_fencing(request, session->second.connection);
}

// ---- the usage thread ----

void CoordinatorHost::WatchUsage(const coordinator::WatchUsage& request) {
  process_->usage.Watch(request);
  if (process_->usage_tells == 0) TellUsageAgain();
}

// From the first request on, for as long as the process lives; one that is stopped tells nothing.
void CoordinatorHost::TellUsageAgain() {
  ++process_->usage_tells;
  around_.schedule.After(kTellSudden, [this, life = life_] {
    if (life != life_) return;
    if (!paused()) TellUsage();
    TellUsageAgain();
  });
}

void CoordinatorHost::TellUsage() {
  Process& process = *process_;
  for (const std::string& node : process.usage.TakeRewatched()) {
    const auto session = process.by_node.find(node);
    if (session == process.by_node.end()) continue;
    around_.sample_closely(node, session->second->connection, process.usage.WatchedOn(node));
  }
  const absl::Time now = around_.schedule.now();
  if (process.usage_tells % kTellsPerSecond == 0) {
    for (const auto& [id, session] : process.sessions) {
      process.usage.OnBeat(session.node.node, session.last_beat);
    }
  }
  if (auto sudden = process.usage.TakeSudden(now); !sudden.empty())
    Post(UsageTold{around_.clusters().front(), std::move(sudden)});
  if (process.usage_tells % kTellsPerSecond != 0) return;
  if (auto changed = process.usage.TakeChanged(now); !changed.empty())
    Post(UsageTold{around_.clusters().front(), std::move(changed)});
}

// ---- the loop's thread ----

void CoordinatorHost::Wake() {
  if (!runs() || paused()) return;
  Process& process = *process_;
  const absl::Time now = around_.schedule.now();
  const absl::Time turn = process.inbox.empty() ? process.loop->NextDeadline() : now;
  const absl::Time next =
      std::max(now, std::min(std::max(turn, process.busy_until), process.monitor.NextTurn()));
  if (next >= process.woken_at) return;
  process.woken_at = next;
  around_.schedule.At(next, [this, life = life_, look = ++process.looks] {
    if (life == life_ && look == process_->looks && !paused()) Look();
  });
}

void CoordinatorHost::Look() {
  const uint64_t life = life_;
  const absl::Time now = around_.schedule.now();
  process_->woken_at = absl::InfiniteFuture();
  if (now >= process_->monitor.NextTurn()) WatchBeats();
  if (now >= process_->busy_until && (!process_->inbox.empty() || now >= process_->loop->NextDeadline()))
    Turn();
  if (life == life_) Wake();
}

void CoordinatorHost::Turn() {
  std::vector<Event> events;
  events.swap(process_->inbox);
  process_->stepped = around_.schedule.now();
  process_->loop->Step(events);
  const bool writes = process_->loop->writes();
  const absl::Status status = process_->loop->Commit();
  SimulatedStore& store = process_->store;
  if (writes && store.met() != CommitFault::kNone) ordered_ = CommitFault::kNone;
  if (writes && around_.observer != nullptr) around_.observer->OnDurable(store.durable());
  if (!status.ok() || store.died()) {
    // Any error of the store ends the process, too.
    process_->untold = events;
    return Die();
  }
  process_->released = {};
  if (writes) process_->released.writes = store.durable();
  // After the release, and before what is released has gone out.
  if (writes && store.met() == CommitFault::kOvertaken) around_.overtaken();
  if (!writes || store.took() == absl::ZeroDuration()) return Finish(events);
  process_->busy_until = around_.schedule.now() + store.took();
  if (DelayPoints(DelaySource::kStore, store.took()) > 0) {
    process_->inbox.push_back(OwnDelay{.source = DelaySource::kStore, .delay = store.took()});
  }
  process_->untold = events;
  around_.schedule.After(store.took(), [this, events, life = life_] {
    if (life != life_) return;
    Hear([this, events] {
      Finish(events);
      Look();
    });
  });
}

void CoordinatorHost::Finish(const std::vector<Event>& events) {
  process_->untold.reset();
  process_->loop->Release();
  const Effects released = std::move(process_->released);
  if (around_.observer != nullptr && !zombie_) around_.observer->OnTurn(events, released);
  for (const ReleasedAction& action : released.actions) around_.act(action);
  for (const Request& request : released.requests) {
    if (const auto* probe = std::get_if<ProbeNode>(&request)) Ask(*probe);
    if (const auto* beats = std::get_if<coordinator::SetBeats>(&request)) SetBeats(*beats);
    if (const auto* read = std::get_if<ReadLease>(&request)) around_.read(*read);
    if (const auto* ask = std::get_if<AskKubelet>(&request)) around_.reach(*ask);
    if (const auto* withdraw = std::get_if<WithdrawActions>(&request)) around_.withdraw(*withdraw);
    if (const auto* fencing = std::get_if<coordinator::SetFencing>(&request)) SetFencing(*fencing);
    if (const auto* watch = std::get_if<WatchWorkload>(&request)) around_.watch(*watch);
    if (const auto* unwatch = std::get_if<UnwatchWorkload>(&request)) around_.unwatch(*unwatch);
    if (const auto* usage = std::get_if<coordinator::WatchUsage>(&request)) WatchUsage(*usage);
    if (const auto* usage = std::get_if<UnwatchUsage>(&request)) process_->usage.Unwatch(usage->pod_uid);
    around_.switching(request);
    if (const auto* goodbye = std::get_if<coordinator::ConfirmGoodbye>(&request)) {
      around_.goodbye_heard(goodbye->node.node);
    }
  }
}

void CoordinatorHost::Release(const ReleasedAction& action) {
  process_->released.actions.push_back(action);
}
void CoordinatorHost::Release(const Request& request) {
  process_->released.requests.push_back(request);
}
void CoordinatorHost::Release(const Reply& reply) {
  process_->released.replies.push_back(reply);
}
void CoordinatorHost::Release(const Notice& notice) {
  process_->released.notices.push_back(notice);
}

}  // namespace evenkeel::simulation
