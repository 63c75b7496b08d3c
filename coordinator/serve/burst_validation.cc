#include "coordinator/serve/burst_validation.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "common/base/utf8.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/policy_fields.h"

namespace evenkeel::coordinator {
namespace {

constexpr int64_t kOne = 1'000'000;
constexpr int64_t kMostMoney = 1'000'000;
constexpr size_t kMostDecimals = 6;
constexpr int kMostSelectors = 16;
constexpr size_t kLongestSelectorKey = 317;  // a prefix of 253, a slash, a name of 63
constexpr size_t kLongestSelectorValue = 63;
constexpr uint32_t kMostPods = 100'000;
constexpr uint32_t kMostMillicores = 100'000'000;
constexpr uint32_t kMostSurge = 100;
constexpr size_t kLongestCurrency = 8;
constexpr uint32_t kMostPlaceholders = 1000;
constexpr size_t kLongestNamespace = 63;
constexpr size_t kLongestUrl = 2048;

std::string BurstField(absl::string_view name) {
  return absl::StrCat("policy.burst.", name);
}

bool IsDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// As Kubernetes has keys and values of labels, roughly: what no node can have picks none.
absl::Status CheckWord(const std::string& field, const std::string& text, size_t longest) {
  const bool ok = text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
                    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                           c == '.' || c == '/';
                  });
  if (ok) return absl::OkStatus();
  return base::InvalidField(
      field, absl::StrCat("must be at most ", longest, " letters, digits, \"-\", \"_\", \".\" and \"/\""));
}

absl::Status CheckKey(const std::string& field, const std::string& key) {
  if (key.empty()) return base::InvalidField(field, "is missing");
  return CheckWord(field, key, kLongestSelectorKey);
}

absl::Status CheckNumber(const std::string& field, int number) {
  if (number <= kMostSelectors) return absl::OkStatus();
  return base::InvalidField(field, absl::StrCat("must be at most ", kMostSelectors, ", not ", number));
}

absl::Status ReadSelector(const v1::VirtualNodeSelector& message, VirtualSelector& selector) {
  if (message.labels().empty() && message.taints().empty()) return absl::OkStatus();
  selector = {.labels = {}, .taint_keys = {}};
  EVENKEEL_RETURN_IF_ERROR(CheckNumber(BurstField("virtual_nodes.labels"), message.labels_size()));
  EVENKEEL_RETURN_IF_ERROR(CheckNumber(BurstField("virtual_nodes.taints"), message.taints_size()));
  for (int i = 0; i < message.labels_size(); ++i) {
    const v1::VirtualNodeLabel& label = message.labels(i);
    const std::string field = BurstField(absl::StrCat("virtual_nodes.labels[", i, "]"));
    EVENKEEL_RETURN_IF_ERROR(CheckKey(absl::StrCat(field, ".key"), label.key()));
    EVENKEEL_RETURN_IF_ERROR(CheckWord(absl::StrCat(field, ".value"), label.value(), kLongestSelectorValue));
    selector.labels.push_back({.key = label.key(), .value = label.value()});
  }
  for (int i = 0; i < message.taints_size(); ++i) {
    const std::string field = BurstField(absl::StrCat("virtual_nodes.taints[", i, "].key"));
    EVENKEEL_RETURN_IF_ERROR(CheckKey(field, message.taints(i).key()));
    selector.taint_keys.push_back(message.taints(i).key());
  }
  return absl::OkStatus();
}

absl::Status ReadCap(const std::string& field, bool is_set, uint32_t value, uint32_t most,
                     std::optional<int64_t>& cap) {
  if (!is_set) return absl::OkStatus();
  if (value > most) {
    return base::InvalidField(field, absl::StrCat("must be from 0 to ", most, ", not ", value));
  }
  cap = value;
  return absl::OkStatus();
}

absl::Status ReadCaps(const v1::BurstCaps& message, BurstCaps& caps) {
  EVENKEEL_RETURN_IF_ERROR(
      ReadCap(BurstField("caps.pods"), message.has_pods(), message.pods(), kMostPods, caps.pods));
  EVENKEEL_RETURN_IF_ERROR(ReadCap(BurstField("caps.cpu_millicores"), message.has_cpu_millicores(),
                                   message.cpu_millicores(), kMostMillicores, caps.cpu_millicores));
  if (message.has_duration()) {
    EVENKEEL_ASSIGN_OR_RETURN(caps.duration, Within(BurstField("caps.duration"), message.duration(),
                                                    absl::Minutes(1), absl::Hours(8760)));
  }
  if (!message.cost().empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(caps.cost_micros, MicrosFrom(BurstField("caps.cost"), message.cost()));
  }
  return absl::OkStatus();
}

absl::Status ReadPrices(const v1::BurstPrices& message, BurstPrices& prices) {
  EVENKEEL_ASSIGN_OR_RETURN(prices.core_hour_micros,
                            MicrosFrom(BurstField("prices.core_hour"), message.core_hour()));
  EVENKEEL_ASSIGN_OR_RETURN(prices.gib_hour_micros,
                            MicrosFrom(BurstField("prices.gib_hour"), message.gib_hour()));
  prices.currency = message.currency();
  if (prices.currency.size() > kLongestCurrency || base::ValidUtf8(prices.currency) != prices.currency) {
    return base::InvalidField(BurstField("prices.currency"),
                              absl::StrCat("must be at most ", kLongestCurrency, " bytes of text"));
  }
  return absl::OkStatus();
}

template <typename Message>
absl::Status ReadTime(const std::string& field, bool is_set, const Message& value, absl::Duration least,
                      absl::Duration most, absl::Duration& out) {
  if (!is_set) return absl::OkStatus();
  EVENKEEL_ASSIGN_OR_RETURN(out, Within(field, value, least, most));
  return absl::OkStatus();
}

absl::Status ReadDrainBack(const v1::BurstDrainBack& message, DrainBackPolicy& policy) {
  policy.enabled = !message.disabled();
  if (message.surge() > kMostSurge) {
    return base::InvalidField(BurstField("drain_back.surge"),
                              absl::StrCat("must be from 1 to ", kMostSurge, ", not ", message.surge()));
  }
  if (message.surge() != 0) policy.surge = message.surge();
  EVENKEEL_RETURN_IF_ERROR(ReadTime(BurstField("drain_back.surge_timeout"), message.has_surge_timeout(),
                                    message.surge_timeout(), absl::Seconds(5), absl::Minutes(30),
                                    policy.surge_timeout));
  return ReadTime(BurstField("drain_back.room_after"), message.has_room_after(), message.room_after(),
                  absl::ZeroDuration(), absl::Hours(1), policy.room_after);
}

// It has a host and no account: everybody who may read policies would see the password.
bool IsWebhook(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "https://") && !absl::ConsumePrefix(&url, "http://")) return false;
  const absl::string_view host = url.substr(0, url.find_first_of("/?#"));
  return !host.empty() && !absl::StrContains(host, '@') && std::all_of(url.begin(), url.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
}

absl::Status ReadHeadroom(const v1::BurstHeadroom& message, HeadroomPolicy& policy) {
  policy.placeholders = !message.disabled();
  if (message.max_placeholders() > kMostPlaceholders) {
    return base::InvalidField(
        BurstField("headroom.max_placeholders"),
        absl::StrCat("must be from 1 to ", kMostPlaceholders, ", not ", message.max_placeholders()));
  }
  if (message.max_placeholders() != 0) policy.most = message.max_placeholders();
  if (!message.namespace_().empty()) {
    const std::string& name = message.namespace_();
    const bool ok = name.size() <= kLongestNamespace && std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                             absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
                    });
    if (!ok) {
      return base::InvalidField(
          BurstField("headroom.namespace"),
          absl::StrCat("must be at most ", kLongestNamespace, " small letters, digits and \"-\""));
    }
    policy.name_space = name;
  }
  const std::string& url = message.webhook();
  if (!url.empty() && (!IsWebhook(url) || url.size() > kLongestUrl)) {
    return base::InvalidField(
        BurstField("headroom.webhook"),
        absl::StrCat("must be a URL of at most ", kLongestUrl,
                     " bytes that begins with https:// or http:// and a host, without an account"));
  }
  policy.webhook = url;
  return absl::OkStatus();
}

// A cap that is never reached bounds nothing. One of 0 is reached at once.
absl::Status CheckCostIsCounted(const BurstPolicy& policy) {
  const bool costs_nothing = policy.prices.core_hour_micros == 0 && policy.prices.gib_hour_micros == 0;
  if (!costs_nothing || policy.caps.cost_micros.value_or(0) == 0) return absl::OkStatus();
  return base::InvalidField(BurstField("caps.cost"),
                            "bounds nothing without prices: set prices.core_hour or prices.gib_hour as well");
}

uint32_t Number(int64_t value, uint32_t most) {
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, most));
}

}  // namespace

void Show(const BurstCaps& caps, v1::BurstCaps& message) {
  if (caps.pods) message.set_pods(Number(*caps.pods, kMostPods));
  if (caps.cpu_millicores) message.set_cpu_millicores(Number(*caps.cpu_millicores, kMostMillicores));
  if (caps.duration) *message.mutable_duration() = ToMessage(*caps.duration);
  if (caps.cost_micros) message.set_cost(AmountOf(*caps.cost_micros));
}

absl::StatusOr<int64_t> MicrosFrom(absl::string_view field, absl::string_view amount) {
  if (amount.empty()) return 0;
  const size_t point = amount.find('.');
  const absl::string_view whole = amount.substr(0, point);
  const absl::string_view part = point == absl::string_view::npos ? "0" : amount.substr(point + 1);
  int64_t ones = 0;
  int64_t micros = 0;
  const bool read = !whole.empty() && !part.empty() && part.size() <= kMostDecimals && IsDigits(whole) &&
                    IsDigits(part) && absl::SimpleAtoi(whole, &ones) && absl::SimpleAtoi(part, &micros);
  if (!read || ones > kMostMoney) {
    return base::InvalidField(field, absl::StrCat("must be an amount from 0 to ", kMostMoney,
                                                  " with at most ", kMostDecimals, " decimals, as 12.50"));
  }
  for (size_t i = part.size(); i < kMostDecimals; ++i) micros *= 10;
  const int64_t all = ones * kOne + micros;
  if (all <= kMostMoney * kOne) return all;
  return base::InvalidField(field, absl::StrCat("must be at most ", kMostMoney));
}

std::string AmountOf(int64_t micros) {
  std::string amount = absl::StrFormat("%d.%06d", micros / kOne, micros % kOne);
  const size_t last = amount.find_last_not_of('0');
  amount.resize(amount[last] == '.' ? last : last + 1);
  return amount;
}

absl::StatusOr<BurstPolicy> BurstFromMessage(const v1::BurstPolicy& message,
                                             const std::map<std::string, uint32_t>& clusters) {
  BurstPolicy policy;
  policy.cluster = message.cluster();
  policy.paused = message.paused();
  EVENKEEL_RETURN_IF_ERROR(CheckCluster(BurstField("cluster"), message.cluster(), clusters));
  EVENKEEL_ASSIGN_OR_RETURN(policy.mode, ModeFrom(BurstField("mode"), message.mode()));
  EVENKEEL_RETURN_IF_ERROR(ReadSelector(message.virtual_nodes(), policy.virtual_nodes));
  EVENKEEL_RETURN_IF_ERROR(ReadCaps(message.caps(), policy.caps));
  EVENKEEL_RETURN_IF_ERROR(ReadPrices(message.prices(), policy.prices));
  EVENKEEL_RETURN_IF_ERROR(CheckCostIsCounted(policy));
  EVENKEEL_RETURN_IF_ERROR(ReadDrainBack(message.drain_back(), policy.drain_back));
  EVENKEEL_RETURN_IF_ERROR(ReadHeadroom(message.headroom(), policy.headroom));
  EVENKEEL_RETURN_IF_ERROR(ReadTime(BurstField("start_timeout"), message.has_start_timeout(),
                                    message.start_timeout(), absl::Seconds(5), absl::Hours(1),
                                    policy.start_timeout));
  return policy;
}

v1::BurstPolicy ToMessage(const BurstPolicy& burst) {
  v1::BurstPolicy message;
  message.set_cluster(burst.cluster);
  message.set_mode(ModeOf(burst.mode == PolicyMode::kEnforce));
  message.set_paused(burst.paused);
  for (const VirtualSelector::Label& label : burst.virtual_nodes.labels) {
    v1::VirtualNodeLabel& shown = *message.mutable_virtual_nodes()->add_labels();
    shown.set_key(label.key);
    shown.set_value(label.value);
  }
  for (const std::string& key : burst.virtual_nodes.taint_keys) {
    message.mutable_virtual_nodes()->add_taints()->set_key(key);
  }
  Show(burst.caps, *message.mutable_caps());
  message.mutable_prices()->set_core_hour(AmountOf(burst.prices.core_hour_micros));
  message.mutable_prices()->set_gib_hour(AmountOf(burst.prices.gib_hour_micros));
  message.mutable_prices()->set_currency(burst.prices.currency);
  v1::BurstDrainBack& drain_back = *message.mutable_drain_back();
  drain_back.set_disabled(!burst.drain_back.enabled);
  drain_back.set_surge(Number(burst.drain_back.surge, kMostSurge));
  *drain_back.mutable_surge_timeout() = ToMessage(burst.drain_back.surge_timeout);
  *drain_back.mutable_room_after() = ToMessage(burst.drain_back.room_after);
  *message.mutable_start_timeout() = ToMessage(burst.start_timeout);
  v1::BurstHeadroom& headroom = *message.mutable_headroom();
  headroom.set_disabled(!burst.headroom.placeholders);
  headroom.set_max_placeholders(Number(burst.headroom.most, kMostPlaceholders));
  headroom.set_namespace_(burst.headroom.name_space);
  headroom.set_webhook(burst.headroom.webhook);
  return message;
}

}  // namespace evenkeel::coordinator
