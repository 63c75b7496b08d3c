// Runs seeds of the simulation: see README.md. Exits with 0 when no law was broken, 1 when one was, 2 for a
// wrong use. A crash of the product (a broken invariant) says which seed it was.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/scenario/story.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/switch_trial.h"
#include "tests/simulation/trial.h"

namespace evenkeel::simulation {
namespace {

constexpr char kUsage[] =
    "simulate [--world WORLD] [--seeds FROM..TO] [--nodes N] [--jobs N] [--coverage] [--regressions FILE]\n"
    "         [--twice EVERY] [--expect LAWS]\n"
    "simulate [--world WORLD] --seed N [--nodes N] [--trace]\n"
    "  --world        cluster: one cluster, its nodes, scaling and bursts (where nothing is said);\n"
    "                 switch: traffic between two clusters\n"
    "  --seeds        run these seeds (1..300)\n"
    "  --nodes        nodes of each cluster; by the seed where it is not given\n"
    "  --jobs         threads (all cores)\n"
    "  --coverage     print how often each fault, guard and decision came about, and fail for one that did "
    "not\n"
    "  --regressions  run the seeds of this file first: a seed a line, or SEED/NODES; # begins a comment\n"
    "  --twice        run every such seed a second time: it must lead to the same trace (L12)\n"
    "  --expect       for broken builds: ends well as soon as one of these laws, as L1,L2, was seen broken, "
    "and only then\n"
    "  --trace        tell the story of the one seed\n";

// What a seed is run in.
struct Kind {
  const char* name;
  TrialResult (*run)(const TrialOptions& options);
  std::vector<std::string> (*expected_marks)();
};
constexpr std::array<Kind, 2> kKinds = {
    {{"cluster", RunTrial, ExpectedMarks}, {"switch", RunSwitchTrial, ExpectedSwitchMarks}}};

struct Arguments {
  const Kind* kind = kKinds.data();
  uint64_t from = 1;
  uint64_t to = 300;
  bool one = false;
  uint32_t nodes = 0;
  uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool trace = false;
  bool coverage = false;
  uint64_t twice = 0;
  std::string regressions;
  std::vector<std::string> expected;  // laws
};

struct Seed {
  uint64_t seed = 0;
  uint32_t nodes = 0;
};

// For the message of a crash: async-signal-safe.
thread_local volatile uint64_t seed_under_way = 0;

void OnAbort(int /*signal*/) {
  std::array<char, 64> text{};
  uint64_t seed = seed_under_way;
  size_t at = text.size();
  text[--at] = '\n';
  do {
    text[--at] = static_cast<char>('0' + seed % 10);
    seed /= 10;
  } while (seed != 0);
  constexpr char kHead[] = "the product crashed in this seed: ";
  (void)!::write(STDERR_FILENO, kHead, sizeof(kHead) - 1);
  (void)!::write(STDERR_FILENO, text.data() + at, text.size() - at);
  std::signal(SIGABRT, SIG_DFL);
}

// The commit that is run, as git in this folder tells it.
std::string Commit() {
  std::string commit;
  if (FILE* git = ::popen("git rev-parse --short HEAD 2>/dev/null", "r"); git != nullptr) {
    std::array<char, 64> line{};
    if (std::fgets(line.data(), line.size(), git) != nullptr) commit = line.data();
    ::pclose(git);
  }
  while (!commit.empty() && commit.back() == '\n') commit.pop_back();
  return commit.empty() ? "unknown" : commit;
}

bool ReadRegressions(const std::string& file, std::vector<Seed>& seeds) {
  std::ifstream lines(file);
  if (!lines) return false;
  std::string line;
  while (std::getline(lines, line)) {
    const std::string text(absl::StripAsciiWhitespace(line.substr(0, line.find('#'))));
    if (text.empty()) continue;
    const std::vector<std::string> parts = absl::StrSplit(text, '/');
    Seed seed;
    if (!absl::SimpleAtoi(parts[0], &seed.seed)) return false;
    if (parts.size() > 1 && !absl::SimpleAtoi(parts[1], &seed.nodes)) return false;
    seeds.push_back(seed);
  }
  return true;
}

class Suite {
 public:
  explicit Suite(const Arguments& arguments) : arguments_(arguments) {}

  int Run() {
    if (!arguments_.regressions.empty() && !ReadRegressions(arguments_.regressions, seeds_)) {
      std::cerr << "cannot read the regressions in " << arguments_.regressions << "\n";
      return 2;
    }
    for (uint64_t seed = arguments_.from; seed <= arguments_.to; ++seed)
      seeds_.push_back({seed, arguments_.nodes});
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < arguments_.jobs; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!arguments_.expected.empty()) {
      if (caught_.empty()) std::cout << "no seed broke any of the laws expected, of " << done_ << "\n";
      return caught_.empty() ? 1 : 0;
    }
    Report(seconds);
    return failures_ == 0 && missed_ == 0 ? 0 : 1;
  }

 private:
  void Work() {
    for (;;) {
      const size_t next = next_++;
      if (next >= seeds_.size()) return;
      const Seed& seed = seeds_[next];
      seed_under_way = seed.seed;
      TrialResult result = arguments_.kind->run({.seed = seed.seed, .nodes = seed.nodes});
      if (arguments_.twice != 0 && seed.seed % arguments_.twice == 0) {
        if (arguments_.kind->run({.seed = seed.seed, .nodes = seed.nodes}).trace != result.trace)
          result.violations.push_back("L12: the same seed led to another trace");
      }
      Take(seed, result);
    }
  }

  void Take(const Seed& seed, const TrialResult& result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++done_;
    large_ += result.nodes >= 500 ? 1 : 0;
    simulated_ += result.simulated;
    node_hours_ += absl::ToDoubleHours(result.simulated) * static_cast<double>(result.nodes);
    slowest_ = std::max(slowest_, result.converged);
    happenings_ += result.happenings;
    marks_.Add(result.marks);
    // The order in which seeds end is chance; their sum is not.
    traces_ += result.trace;
    if (!arguments_.expected.empty()) return Compare(seed, result);
    if (!result.violations.empty()) {
      ++failures_;
      if (failures_ <= 20) {
        for (const std::string& violation : result.violations) std::cout << violation << "\n";
        std::cout << "  seed " << seed.seed << ", commit " << Commit()
                  << "; repeat it with: simulate --world " << arguments_.kind->name << " --seed " << seed.seed
                  << (seed.nodes == 0 ? "" : absl::StrCat(" --nodes ", seed.nodes)) << " --trace\n"
                  << std::flush;
      }
    }
    if (done_ % 10'000 == 0) std::cout << done_ << " of " << seeds_.size() << " seeds\n" << std::flush;
  }

  void Compare(const Seed& seed, const TrialResult& result) {
    for (const std::string& violation : result.violations) {
      const std::string law = violation.substr(0, violation.find(':'));
      const auto& expected = arguments_.expected;
      if (std::find(expected.begin(), expected.end(), law) == expected.end() || !caught_.empty()) continue;
      caught_ = violation;
      std::cout << "caught in seed " << seed.seed << ": " << violation << "\n";
      next_ = seeds_.size();
    }
  }

  void Report(double seconds) {
    std::cout << absl::StrFormat(
        "%d seeds (%d of them with 500 nodes or more), %.0f node-hours, %d happenings in %.1f s on %d "
        "threads; "
        "slowest convergence %s after the faults' end; trace %016x; %d seeds broke a law\n",
        done_, large_, node_hours_, happenings_, seconds, arguments_.jobs, absl::FormatDuration(slowest_),
        traces_, failures_);
    if (!arguments_.coverage) return;
    const std::vector<std::string> expected = arguments_.kind->expected_marks();
    std::cout << CoverageTable(expected, marks_);
    for (const std::string& mark : MissedMarks(expected, marks_)) {
      ++missed_;
      std::cout << "never happened: " << mark << "\n";
    }
  }

  const Arguments arguments_;
  std::vector<Seed> seeds_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  uint64_t done_ = 0;
  uint64_t large_ = 0;
  uint64_t failures_ = 0;
  uint64_t missed_ = 0;
  uint64_t happenings_ = 0;
  uint64_t traces_ = 0;
  double node_hours_ = 0;
  absl::Duration simulated_;
  absl::Duration slowest_;
  Marks marks_;
  std::string caught_;
};

int RunOne(const Arguments& arguments) {
  scenario::Story story;
  TrialOptions options{.seed = arguments.from, .nodes = arguments.nodes};
  if (arguments.trace) {
    options.also = &story;
    options.prepare = [&story](World& world) {
      story.Follow(&world);
      story.Begin(world.start());
      story.ShowRounds(true);
    };
  }
  seed_under_way = arguments.from;
  const TrialResult result = arguments.kind->run(options);
  std::cout << story.Take();
  for (const std::string& violation : result.violations) std::cout << violation << "\n";
  std::cout << absl::StrFormat("seed %d: %d nodes, %s simulated, converged after %s, trace %016x\n",
                               arguments.from, result.nodes, absl::FormatDuration(result.simulated),
                               absl::FormatDuration(result.converged), result.trace);
  return result.violations.empty() ? 0 : 1;
}

bool Parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (flag == "--coverage") {
      arguments.coverage = true;
      continue;
    }
    ++i;
    bool ok = i < argc;
    if (flag == "--world") {
      const auto* kind =
          std::find_if(kKinds.begin(), kKinds.end(), [&value](const Kind& one) { return one.name == value; });
      ok = ok && kind != kKinds.end();
      if (ok) arguments.kind = kind;
    } else if (flag == "--seeds") {
      const std::vector<std::string> range = absl::StrSplit(value, "..");
      ok = ok && range.size() == 2 && absl::SimpleAtoi(range[0], &arguments.from) &&
           absl::SimpleAtoi(range[1], &arguments.to);
    } else if (flag == "--seed") {
      ok = ok && absl::SimpleAtoi(value, &arguments.from);
      arguments.one = true;
    } else if (flag == "--nodes") {
      ok = ok && absl::SimpleAtoi(value, &arguments.nodes);
    } else if (flag == "--jobs") {
      ok = ok && absl::SimpleAtoi(value, &arguments.jobs) && arguments.jobs > 0;
    } else if (flag == "--twice") {
      ok = ok && absl::SimpleAtoi(value, &arguments.twice);
    } else if (flag == "--expect") {
      arguments.expected = absl::StrSplit(value, ',');
    } else if (flag == "--regressions") {
      arguments.regressions = value;
    } else {
      ok = false;
    }
    if (!ok) {
      std::cerr << "wrong: " << flag << " " << value << "\n" << kUsage;
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace evenkeel::simulation

int main(int argc, char** argv) {
  using namespace evenkeel::simulation;
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) return 2;
  std::signal(SIGABRT, OnAbort);
  return arguments.one ? RunOne(arguments) : Suite(arguments).Run();
}
