#include "tests/contract/store/engines.h"

#include <gtest/gtest.h>

#include <utility>

#include "coordinator/store/memory_store.h"
#include "coordinator/store/rocks_database.h"
#include "coordinator/store/rocks_store.h"
#include "tests/contract/store/lossy_disk.h"
#include "tests/simulation/simulated_store.h"
#include "tests/unit/store/temporary_folder.h"

namespace evenkeel::coordinator {
namespace {

using evenkeel::testing::LossyDisk;

// Of which a restart is no loss: it is the yardstick, not a store to lose power with.
class MemoryMedium final : public Medium {
 public:
  std::unique_ptr<StateStore> NewStore(HistoryBounds bounds) override {
    return std::make_unique<MemoryStore>(disk_, bounds);
  }
  void Restart() override {}
  void LosePower(std::unique_ptr<StateStore> /*store*/) override {}

 private:
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
};

// On the machine's own disk, which is never cut off here.
class RocksMedium : public Medium {
 public:
  std::unique_ptr<StateStore> NewStore(HistoryBounds bounds) override {
    if (database_ == nullptr) {
      auto opened =
          RocksDatabase::Open({.path = folder_.path() + "/store", .identity = "blue", .env = Environment()});
      EXPECT_TRUE(opened.ok()) << opened.status();
      database_ = *std::move(opened);
    }
    return std::make_unique<RocksStore>(database_, bounds);
  }
  void Restart() override { database_.reset(); }
  void LosePower(std::unique_ptr<StateStore> store) override {
    store.reset();
    database_.reset();
  }

 protected:
  virtual rocksdb::Env* Environment() { return nullptr; }

 private:
  evenkeel::testing::TemporaryFolder folder_;

 protected:
  std::shared_ptr<RocksDatabase> database_;
};

// On a disk that keeps nothing that was not synced.
class LossyRocksMedium final : public RocksMedium {
 public:
  ~LossyRocksMedium() override { database_.reset(); }

  void LosePower(std::unique_ptr<StateStore> store) override {
    disk_->CutPower();
    RocksMedium::LosePower(std::move(store));
    disk_->Start(LossyDisk::Unsynced::kLost);
  }
  bool Arrange(CommitFault fault) override {
    disk_->Arrange(
        fault == CommitFault::kSyncFails ? LossyDisk::Fault::kSyncFails : LossyDisk::Fault::kDiskIsFull, 1);
    return true;
  }

 protected:
  rocksdb::Env* Environment() override { return environment_.get(); }

 private:
  const std::shared_ptr<LossyDisk> disk_ = std::make_shared<LossyDisk>();
  const std::unique_ptr<rocksdb::Env> environment_ = LossyDisk::MakeEnv(disk_);
};

// The simulator's, with certainty where it has chance.
class SimulatedMedium final : public Medium {
 public:
  std::unique_ptr<StateStore> NewStore(HistoryBounds /*bounds*/) override {
    return std::make_unique<simulation::SimulatedStore>(disk_, knobs_, dice_, marks_);
  }
  void Restart() override {}
  void LosePower(std::unique_ptr<StateStore> /*store*/) override { knobs_ = {}; }
  bool Arrange(CommitFault fault) override {
    (fault == CommitFault::kSyncFails ? knobs_.sync_fails : knobs_.disk_full) = 1000;
    return true;
  }
  bool BoundsHistory() const override { return false; }

 private:
  simulation::SimulatedDisk disk_;
  simulation::Knobs knobs_;
  simulation::Dice dice_{1};
  simulation::Marks marks_;
};

template <typename Kind>
Engine Of(const char* name) {
  return {name, [] { return std::make_unique<Kind>(); }};
}

}  // namespace

std::vector<Engine> Engines() {
  return {
      Of<MemoryMedium>("Memory"),
      Of<RocksMedium>("Rocks"),
      Of<LossyRocksMedium>("RocksOnALossyDisk"),
      Of<SimulatedMedium>("Simulated"),
  };
}

}  // namespace evenkeel::coordinator
