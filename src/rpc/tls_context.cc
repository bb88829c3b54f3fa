#include "rpc/tls_context.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace forebay::rpc {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

constexpr unsigned char kSessionContext[] = "forebay";

Status Checked(const error_code& error, const char* what, const std::string& file) {
  if (!error) return {};
  return InvalidArgument("cannot use the {} in {}: {}", what, file, error.message());
}

std::shared_ptr<TlsContext> MakeContext(ssl::context::method method) {
  auto context = std::make_shared<TlsContext>(method);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // A key with a password must not ask for it at the terminal.
  SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });
  return context;
}

Status UseCertificate(TlsContext& context, const std::string& certificate, const std::string& key) {
  error_code error;
  context.use_certificate_chain_file(certificate, error);
  RETURN_IF_ERROR(Checked(error, "certificate", certificate));
  context.use_private_key_file(key, ssl::context::pem, error);
  RETURN_IF_ERROR(Checked(error, "private key", key));
  // A key of another kind was taken as if there were a certificate for it to come.
  if (SSL_CTX_check_private_key(context.native_handle()) == 1) return {};
  return InvalidArgument("the private key in {} is not that of the certificate in {}", key,
                         certificate);
}

}  // namespace

Result<std::shared_ptr<TlsContext>> MakeTlsContext(const ServerTls& tls) {
  auto context = MakeContext(ssl::context::tls_server);
  RETURN_IF_ERROR(UseCertificate(*context, tls.certificate_file, tls.key_file));
  SSL_CTX_set_session_id_context(context->native_handle(), kSessionContext,
                                 sizeof(kSessionContext) - 1);
  if (tls.client_ca_file.empty()) return context;
  error_code error;
  context->load_verify_file(tls.client_ca_file, error);
  RETURN_IF_ERROR(Checked(error, "authorities", tls.client_ca_file));
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  // Clients with several certificates choose by these names.
  SSL_CTX_set_client_CA_list(context->native_handle(),
                             SSL_load_client_CA_file(tls.client_ca_file.c_str()));
  return context;
}

Result<std::shared_ptr<TlsContext>> MakeTlsContext(const ClientTls& tls) {
  auto context = MakeContext(ssl::context::tls_client);
  context->set_verify_mode(ssl::verify_peer);
  error_code error;
  if (tls.ca_file.empty()) {
    context->set_default_verify_paths(error);
    RETURN_IF_ERROR(Checked(error, "authorities", "the machine's store"));
  } else {
    context->load_verify_file(tls.ca_file, error);
    RETURN_IF_ERROR(Checked(error, "authorities", tls.ca_file));
  }
  if (!tls.certificate_file.empty()) {
    RETURN_IF_ERROR(UseCertificate(*context, tls.certificate_file, tls.key_file));
  }
  return context;
}

std::string TlsFailure(const error_code& error, SSL* connection) {
  long verified = SSL_get_verify_result(connection);
  if (verified == X509_V_OK) return error.message();
  return fmt::format("{} ({})", error.message(), X509_verify_cert_error_string(verified));
}

}  // namespace forebay::rpc
