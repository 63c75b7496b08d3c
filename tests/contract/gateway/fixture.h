#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/shape.h"
#include "tests/contract/gateway/subject.h"

namespace evenkeel::testing {

// A subject and a coordinator's adapter for each test.
class GatewayContract : public ::testing::Test {
 protected:
  using ActionOutcome = coordinator::ActionOutcome;
  using BackendMode = coordinator::BackendMode;
  using RouteReading = coordinator::RouteReading;
  using RouteShape = coordinator::RouteShape;
  using RouteWish = coordinator::RouteWish;
  using ShapeAnswer = coordinator::ShapeAnswer;

  static constexpr absl::Duration kDeadline = absl::Seconds(60);
  static constexpr char kStore[] = "store-a";

  void SetUp() override {
    subject_ = MakeGatewaySubject();
    gateway_ = subject_->NewGateway(kStore);
  }

  coordinator::Call call(absl::Duration deadline = kDeadline) const { return {deadline, interrupt_}; }

  static RouteShape Shape(uint32_t green, BackendMode blue_mode = BackendMode::kServing) {
    RouteShape shape;
    shape.backends["blue"] = {.percent = 100 - green, .mode = blue_mode};
    shape.backends["green"] = {.percent = green};
    return shape;
  }
  RouteWish Wish(const RouteShape& shape, uint64_t epoch, uint64_t version) {
    return {.key = {.gateway = "gateway", .route = subject_->place().route},
            .shape = shape,
            .mark = {.epoch = epoch, .owner = {epoch, 1}, .version = version}};
  }
  coordinator::GatewayAbilities abilities() { return *gateway_->AbilitiesOf(subject_->place()); }
  // The mark that is read after the wish: none where the kind has no place for one.
  std::optional<coordinator::RouteMark> MarkOf(const RouteWish& wish) {
    return subject_->keeps_marks() ? std::optional(wish.mark) : std::nullopt;
  }
  ShapeAnswer Do(coordinator::Gateway& gateway, const RouteWish& wish) {
    return gateway.Shape(subject_->place(), wish, call());
  }
  ShapeAnswer Do(const RouteWish& wish) { return Do(*gateway_, wish); }
  RouteReading Read(coordinator::Gateway& gateway) {
    auto reading = gateway.Read(subject_->place(), call());
    EXPECT_TRUE(reading.ok()) << reading.status();
    return reading.ok() ? *std::move(reading) : RouteReading();
  }
  RouteReading Read() { return Read(*gateway_); }
  RouteShape ShapeNow() { return coordinator::ShapeOf(Read()); }

  const coordinator::Interrupt interrupt_;
  std::unique_ptr<GatewaySubject> subject_;
  std::unique_ptr<coordinator::Gateway> gateway_;
};

}  // namespace evenkeel::testing
