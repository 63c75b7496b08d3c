#include "common/http/transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace evenkeel::http {
namespace {

// Options are constants of ours: libcurl refuses one only when it was built without it, or is out of memory.
template <typename T>
void Set(CURL* easy, CURLoption option, T value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  EVENKEEL_CHECK(code == CURLE_OK) << "libcurl option " << option << ": " << curl_easy_strerror(code);
}

// libcurl does not copy the bytes: `pem` must outlive the handle.
void SetBlob(CURL* easy, CURLoption option, const std::string& pem) {
  curl_blob blob{.data = const_cast<char*>(pem.data()), .len = pem.size(), .flags = CURL_BLOB_NOCOPY};
  Set(easy, option, &blob);
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

template <typename T>
T Info(CURL* easy, CURLINFO info) {
  T value{};
  return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : T{};
}

}  // namespace

Transfer::Transfer(std::uint64_t id, Request request, OnChunk on_chunk, Done done)
    : id_(id),
      request_(std::move(request)),
      on_chunk_(std::move(on_chunk)),
      done_(std::move(done)),
      last_byte_(std::chrono::steady_clock::now()) {}

absl::Status Transfer::Prepare(absl::Duration peer_silence) {
  if (!absl::StartsWith(request_.url, "https://") && !absl::StartsWith(request_.url, "http://")) {
    return absl::InvalidArgumentError(absl::StrCat("\"", request_.url, "\" is not an http or https URL"));
  }
  if (HasControlCharacter(request_.url) || HasControlCharacter(request_.method)) {
    return absl::InvalidArgumentError("a URL or method must hold no control characters");
  }
  easy_.reset(curl_easy_init());
  EVENKEEL_CHECK(easy_ != nullptr) << "libcurl gave no handle: out of memory";
  CURL* const easy = easy_.get();

  Set(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
  Set(easy, CURLOPT_URL, request_.url.c_str());
  Set(easy, CURLOPT_PATH_AS_IS, 1L);  // a ".." in some object's name must not lead to another object
  Set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method == "HEAD") Set(easy, CURLOPT_NOBODY, 1L);
  if (!request_.body.empty()) {
    Set(easy, CURLOPT_POSTFIELDS, request_.body.data());
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  Set(easy, CURLOPT_NOPROXY, "*");
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_USERAGENT, "evenkeel/" EVENKEEL_VERSION);
  Set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  Set(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  Set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (on_chunk_) {
    Set(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
    Set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  } else {
    Set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_body_bytes));
  }

  // HTTP/2 wherever TLS offers it, and rather a wait for a connection that can be shared than one more.
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(easy, CURLOPT_PIPEWAIT, 1L);
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(absl::ToInt64Milliseconds(request_.connect_timeout)));

  peer_silence_seconds_ = static_cast<int>(std::max<std::int64_t>(2, absl::ToInt64Seconds(peer_silence)));
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_TCP_KEEPIDLE, static_cast<long>(peer_silence_seconds_ / 2));
  Set(easy, CURLOPT_TCP_KEEPINTVL, 1L);
  Set(easy, CURLOPT_SOCKOPTFUNCTION, &Transfer::OnSocket);
  Set(easy, CURLOPT_SOCKOPTDATA, static_cast<void*>(this));

  EVENKEEL_RETURN_IF_ERROR(PrepareHeaders());
  if (absl::StartsWith(request_.url, "https://")) EVENKEEL_RETURN_IF_ERROR(PrepareTls());
  return absl::OkStatus();
}

absl::Status Transfer::PrepareHeaders() {
  const auto append = [this](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers_.get(), line.c_str());
    EVENKEEL_CHECK(longer != nullptr) << "out of memory";
    (void)headers_.release();
    headers_.reset(longer);
  };
  append("Expect:");  // no round trip before a body
  for (const Header& header : request_.headers) {
    if (HasControlCharacter(header.name) || HasControlCharacter(header.value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("header ", header.name, ": control characters in its value"));
    }
    append(absl::StrCat(header.name, ": ", header.value));
  }
  Set(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  return absl::OkStatus();
}

absl::Status Transfer::PrepareTls() {
  CURL* const easy = easy_.get();
  Set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (request_.tls == nullptr) return absl::OkStatus();
  const Tls& tls = *request_.tls;
  if (tls.client_certificate_pem.empty() != tls.client_key_pem.empty()) {
    return absl::InvalidArgumentError("a client certificate needs its key, and a key its certificate");
  }
  if (tls.insecure_skip_verify) {
    Set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    Set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!tls.ca_pem.empty()) {
    SetBlob(easy, CURLOPT_CAINFO_BLOB, tls.ca_pem);
  }
  if (!tls.client_certificate_pem.empty()) {
    SetBlob(easy, CURLOPT_SSLCERT_BLOB, tls.client_certificate_pem);
    SetBlob(easy, CURLOPT_SSLKEY_BLOB, tls.client_key_pem);
    Set(easy, CURLOPT_SSLCERTTYPE, "PEM");
    Set(easy, CURLOPT_SSLKEYTYPE, "PEM");
  }
  return tls.server_name.empty() ? absl::OkStatus() : PrepareServerName();
}

// libcurl verifies the URL's host: so the name goes into the URL, and the connection to where the URL
// pointed.
absl::Status Transfer::PrepareServerName() {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), &curl_url_cleanup);
  EVENKEEL_CHECK(url != nullptr) << "out of memory";
  const auto get = [&](CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  if (curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0) != CURLUE_OK) {
    return absl::InvalidArgumentError(absl::StrCat("\"", request_.url, "\" is not a URL"));
  }
  const std::string target = absl::StrCat("::", get(CURLUPART_HOST), ":", get(CURLUPART_PORT));
  if (curl_url_set(url.get(), CURLUPART_HOST, request_.tls->server_name.c_str(), 0) != CURLUE_OK) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", request_.tls->server_name, "\" is not a server name"));
  }
  connect_to_.reset(curl_slist_append(nullptr, target.c_str()));
  EVENKEEL_CHECK(connect_to_ != nullptr) << "out of memory";
  Set(easy_.get(), CURLOPT_URL, get(CURLUPART_URL).c_str());
  Set(easy_.get(), CURLOPT_CONNECT_TO, connect_to_.get());
  return absl::OkStatus();
}

int Transfer::OnSocket(void* self, curl_socket_t socket, curlsocktype /*purpose*/) {
  // Keepalive probes alone do not end a connection that has unacknowledged data under way; this does both.
  // A kernel that refuses leaves its own, longer bound: no reason to give the connection up.
  const unsigned milliseconds =
      static_cast<unsigned>(static_cast<Transfer*>(self)->peer_silence_seconds_) * 1000;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
  return CURL_SOCKOPT_OK;
}

std::size_t Transfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  // Any other number than the one given makes libcurl end the transfer.
  return static_cast<Transfer*>(self)->TakeBody(absl::string_view(data, size * count)) ? size * count : 0;
}

std::size_t Transfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  const absl::string_view line(data, size * count);
  auto* const transfer = static_cast<Transfer*>(self);
  const bool last = line == "\r\n" || line == "\n";
  if (last && transfer->Accepted() && !transfer->TakeBody("")) return 0;
  return line.size();
}

bool Transfer::Accepted() const {
  const long code = Info<long>(easy_.get(), CURLINFO_RESPONSE_CODE);
  return code >= 200 && code < 300;
}

bool Transfer::TakeBody(absl::string_view data) {
  if (muted_) return false;
  last_byte_ = std::chrono::steady_clock::now();
  if (on_chunk_ && Accepted()) {
    on_chunk_(data);
    return !muted_;
  }
  if (data.size() > request_.max_body_bytes - body_.size()) {
    too_large_ = true;
    return false;
  }
  body_.append(data.data(), data.size());
  return true;
}

absl::StatusOr<Response> Transfer::Result(CURLcode code) {
  if (code != CURLE_OK) return Failure(code);
  CURL* const easy = easy_.get();
  Response response;
  response.code = static_cast<int>(Info<long>(easy, CURLINFO_RESPONSE_CODE));
  response.body = std::move(body_);
  if (const char* type = Info<char*>(easy, CURLINFO_CONTENT_TYPE); type != nullptr)
    response.content_type = type;
  if (const auto seconds = Info<curl_off_t>(easy, CURLINFO_RETRY_AFTER); seconds > 0) {
    response.retry_after = absl::Seconds(seconds);
  }
  response.reused_connection = Info<long>(easy, CURLINFO_NUM_CONNECTS) == 0;
  response.http2 = Info<long>(easy, CURLINFO_HTTP_VERSION) == CURL_HTTP_VERSION_2_0;
  return response;
}

absl::Status Transfer::Failure(CURLcode code) const {
  if (muted_) return absl::CancelledError("the request was cancelled");
  if (too_large_ || code == CURLE_FILESIZE_EXCEEDED) {
    return base::WithReason(
        absl::ResourceExhaustedError(
            absl::StrCat(Describe(), ": the answer is larger than ", request_.max_body_bytes, " bytes")),
        kReasonTooLarge);
  }
  const char* const detail = error_text_.front() != '\0' ? error_text_.data() : curl_easy_strerror(code);
  const auto unavailable = [&](absl::string_view what, const char* reason, absl::string_view cure = "") {
    return base::WithReason(absl::UnavailableError(absl::StrCat(Describe(), ": ", what, ": ", detail, cure)),
                            reason);
  };
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return absl::InvalidArgumentError(absl::StrCat(Describe(), ": ", detail));
    case CURLE_COULDNT_RESOLVE_HOST:
      return unavailable("the host's name did not resolve", kReasonResolve);
    case CURLE_COULDNT_CONNECT:
      return unavailable("no connection", kReasonConnect);
    case CURLE_OPERATION_TIMEDOUT:
      return unavailable("no connection in time", kReasonConnect);
    case CURLE_PEER_FAILED_VERIFICATION:
      return unavailable("the server's certificate was not accepted", kReasonTls,
                         "; check that the CA given is the one that signed it and that it names this host");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
      return unavailable("the TLS handshake failed", kReasonTls);
    case CURLE_SSL_CERTPROBLEM:
      return unavailable("the client certificate or its key is not usable", kReasonTls);
    case CURLE_SSL_CACERT_BADFILE:
      return unavailable("the CA certificate is not usable", kReasonTls, "; it must be PEM");
    default:
      return unavailable("the connection broke", kReasonBroken);
  }
}

std::string Transfer::Describe() const {
  return absl::StrCat(request_.method, " ", request_.url.substr(0, request_.url.find('?')));
}

}  // namespace evenkeel::http
