// Prometheus' families, as a scrape hands them out.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace evenkeel::coordinator {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

inline prometheus::MetricFamily Gauges(const char* name, const char* help) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  return family;
}

// Each never falls while the process lives; `name` ends with "_total".
inline prometheus::MetricFamily Counts(const char* name, const char* help) {
  prometheus::MetricFamily family = Gauges(name, help);
  family.type = prometheus::MetricType::Counter;
  return family;
}

inline void Add(prometheus::MetricFamily& family, double value, MetricLabels labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

inline prometheus::MetricFamily Gauge(const char* name, const char* help, double value) {
  prometheus::MetricFamily family = Gauges(name, help);
  Add(family, value);
  return family;
}

inline prometheus::MetricFamily Count(const char* name, const char* help, uint64_t value) {
  prometheus::MetricFamily family = Counts(name, help);
  Add(family, static_cast<double>(value));
  return family;
}

}  // namespace evenkeel::coordinator
