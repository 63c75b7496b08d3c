#include "coordinator/serve/access.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/tls/certificate_subject.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestToken = 16384;

std::string Sha256(const std::string& text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message) {
  return base::WithReason(absl::UnauthenticatedError(message), reason);
}

absl::Status Denied(absl::string_view message) {
  return base::WithReason(absl::PermissionDeniedError(message), "ACCESS_DENIED");
}

bool Reads(const Permission& permission) {
  return permission.verb == "get" || permission.verb == "list" || permission.verb == "watch";
}

absl::Status CheckCertificate(const std::string& pem, const Permission& permission) {
  const std::optional<tls::CertificateSubject> subject = tls::SubjectOf(pem);
  if (!subject) return Unauthenticated("CERTIFICATE_UNREADABLE", "the client certificate cannot be read");
  const auto has = [&subject](absl::string_view organisation) {
    return std::find(subject->organisations.begin(), subject->organisations.end(), organisation) !=
           subject->organisations.end();
  };
  if (has(kOperatorsOrganisation)) return absl::OkStatus();
  if (has(kViewersOrganisation)) {
    if (Reads(permission)) return absl::OkStatus();
    return Denied(absl::StrCat("a client certificate of ", kViewersOrganisation, " may read but not ",
                               permission.verb, " ", permission.resource, "; use one of ",
                               kOperatorsOrganisation));
  }
  return Denied(absl::StrCat("the client certificate is not an operator's: its organisation is \"",
                             absl::StrJoin(subject->organisations, "\", \""), "\", and should be ",
                             kOperatorsOrganisation, " or ", kViewersOrganisation));
}

std::string Shown(const Permission& permission) {
  std::string shown = absl::StrCat(permission.verb, " ", permission.resource);
  if (!permission.name.empty()) absl::StrAppend(&shown, " \"", permission.name, "\"");
  if (!permission.name_space.empty())
    absl::StrAppend(&shown, " in namespace \"", permission.name_space, "\"");
  return shown;
}

// What to do about it, as an RBAC rule.
absl::Status Missing(const std::string& user, const Permission& permission, const std::string& reason) {
  std::string message = absl::StrCat(
      "user \"", user, "\" may not ", Shown(permission), "; an RBAC rule with apiGroups [", kAccessGroup,
      "], resources [", permission.resource, "], verbs [", permission.verb,
      "] is missing, as the cluster role evenkeel-", Reads(permission) ? "viewer" : "operator", " has it");
  if (!reason.empty()) absl::StrAppend(&message, " (", reason, ")");
  return Denied(message);
}

std::string AnswerKey(const kube::TokenReview& user, const Permission& permission) {
  // Groups and the like may differ between two tokens of one user.
  std::string extra;
  for (const auto& [key, values] : user.extra)
    absl::StrAppend(&extra, key, "=", absl::StrJoin(values, ","), ";");
  return Sha256(absl::StrJoin({user.username, user.uid, absl::StrJoin(user.groups, ","), extra,
                               permission.verb, permission.resource, permission.name_space, permission.name},
                              absl::string_view("\0", 1)));
}

// The API server could not be asked at all, and the call only reads.
bool MayStandIn(const absl::Status& failure, const Permission& permission) {
  return Reads(permission) && (absl::IsUnavailable(failure) || absl::IsDeadlineExceeded(failure));
}

// An answer of the API server that is none.
absl::Status NoAnswer(const absl::Status& status, absl::string_view question) {
  return base::WithReason(
      absl::UnavailableError(absl::StrCat("the home cluster could not be asked ", question, ": ",
                                          status.message(), "; try again, or use a client certificate")),
      "ACCESS_REVIEW_FAILED");
}

}  // namespace

AccessControl::AccessControl(Options options, kube::KubernetesApi* home, const time::Clock& clock)
    : options_(options),
      home_(home),
      clock_(clock),
      users_({options.remember_for, options.outage_reads_for, options.remembered}),
      answers_({options.remember_for, options.outage_reads_for, options.remembered}) {}

void AccessControl::Check(const Credentials& credentials, const Permission& permission, Done done) {
  if (!credentials.bearer_token.empty()) {
    CheckToken(credentials.bearer_token, permission, std::move(done));
  } else if (!credentials.certificate_pem.empty()) {
    done(CheckCertificate(credentials.certificate_pem, permission));
  } else {
    done(Unauthenticated("NO_CREDENTIALS",
                         "the call carries no identity: send a Kubernetes token as \"authorization: Bearer "
                         "TOKEN\" or connect with a "
                         "client certificate"));
  }
}

void AccessControl::CheckToken(const std::string& token, const Permission& permission, Done done) {
  if (home_ == nullptr) {
    done(Unauthenticated(
        "NO_TOKEN_REVIEW",
        "this coordinator has no Kubernetes cluster to review a token at: connect with a client "
        "certificate and without a token"));
    return;
  }
  if (token.size() > kLongestToken) {
    done(Unauthenticated("TOKEN_REFUSED", "the token is longer than any Kubernetes token"));
    return;
  }
  std::string digest = Sha256(token);
  {
    absl::ReleasableMutexLock lock(&mutex_);
    if (const auto user = users_.Fresh(digest, clock_.Now())) {
      lock.Release();
      CheckUser(*user, permission, std::move(done));
      return;
    }
  }
  const std::optional<uint64_t> number = Begin();
  if (!number) {
    done(Busy());
    return;
  }
  const kube::Call call = home_->ReviewToken(
      token, {}, options_.deadline,
      [this, number = *number, digest = std::move(digest), permission,
       done = std::move(done)](absl::StatusOr<kube::TokenReview> review) {
        End(number);
        if (!review.ok()) {
          const auto user = MayStandIn(review.status(), permission) ? StandIn(users_, digest) : std::nullopt;
          if (user) return CheckUser(*user, permission, done);
          return done(NoAnswer(review.status(), "whose token this is"));
        }
        if (!review->authenticated) {
          done(Unauthenticated(
              "TOKEN_REFUSED",
              absl::StrCat("the home cluster does not accept the token", review->error.empty() ? "" : ": ",
                           review->error, "; it may have expired, or be another cluster's")));
          return;
        }
        {
          absl::MutexLock lock(&mutex_);
          users_.Remember(digest, *review, clock_.Now());
        }
        CheckUser(*review, permission, done);
      });
  Underway(*number, call);
}

void AccessControl::CheckUser(const kube::TokenReview& user, const Permission& permission, Done done) {
  std::string key = AnswerKey(user, permission);
  {
    absl::ReleasableMutexLock lock(&mutex_);
    if (const auto status = answers_.Fresh(key, clock_.Now())) {
      lock.Release();
      done(*status);
      return;
    }
  }
  const std::optional<uint64_t> number = Begin();
  if (!number) {
    done(Busy());
    return;
  }
  const kube::AccessQuestion question{.username = user.username,
                                      .uid = user.uid,
                                      .groups = user.groups,
                                      .extra = user.extra,
                                      .verb = permission.verb,
                                      .group = kAccessGroup,
                                      .resource = permission.resource,
                                      .subresource = "",
                                      .name_space = permission.name_space,
                                      .name = permission.name};
  const kube::Call call = home_->ReviewAccess(
      question, options_.deadline,
      [this, number = *number, key = std::move(key), username = user.username, permission,
       done = std::move(done)](absl::StatusOr<kube::AccessAnswer> answer) {
        End(number);
        if (!answer.ok()) {
          const auto status = MayStandIn(answer.status(), permission) ? StandIn(answers_, key) : std::nullopt;
          return done(status ? *status : NoAnswer(answer.status(), "what the caller may do"));
        }
        const absl::Status status =
            answer->allowed ? absl::OkStatus() : Missing(username, permission, answer->reason);
        {
          absl::MutexLock lock(&mutex_);
          answers_.Remember(key, status, clock_.Now());
        }
        done(status);
      });
  Underway(*number, call);
}

template <typename Answer>
std::optional<Answer> AccessControl::StandIn(AccessMemory<Answer>& memory, const std::string& key) {
  absl::MutexLock lock(&mutex_);
  return memory.StandIn(key, clock_.Now());
}

void AccessControl::Stop() {
  absl::flat_hash_map<uint64_t, kube::Call> under_way;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    under_way = under_way_;
  }
  for (const auto& [number, call] : under_way) call.Cancel();
}

std::optional<uint64_t> AccessControl::Begin() {
  absl::MutexLock lock(&mutex_);
  if (stopped_ || under_way_.size() >= options_.under_way) return std::nullopt;
  under_way_.try_emplace(++last_question_);
  return last_question_;
}

void AccessControl::Underway(uint64_t question, const kube::Call& call) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = under_way_.find(question);
    if (found == under_way_.end()) return;  // answered already
    found->second = call;
    if (!stopped_) return;
  }
  call.Cancel();
}

void AccessControl::End(uint64_t question) {
  absl::MutexLock lock(&mutex_);
  under_way_.erase(question);
}

absl::Status AccessControl::Busy() {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return base::WithReason(absl::UnavailableError("the coordinator is stopping"), "STOPPING");
  return base::WithReason(
      absl::ResourceExhaustedError("too many callers are being identified at once; try again in a moment"),
      "TOO_MANY_REVIEWS");
}

}  // namespace evenkeel::coordinator
