#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "io/temporary_directory.h"

namespace forebay::rpc {

/// Makes certificates for tests, in PEM files of a directory of its own.
class TestAuthority {
 public:
  TestAuthority();

  struct Files {
    std::string certificate;
    std::string key;
  };
  /// The authority's own certificate.
  std::string ca_file() const { return directory_ + "/ca.pem"; }
  /// For a name ("DNS:localhost") or an address ("IP:127.0.0.1"); `ended` is one of yesterday.
  Files Issue(const std::string& name, bool ended = false);
  /// A file of this content.
  std::string Write(const std::string& name, const std::string& text);

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  /// Of the authority when `name` is empty.
  Certificate Sign(EVP_PKEY* key, const std::string& name, bool ended);
  void Save(const std::string& path, X509* certificate);
  void Save(const std::string& path, EVP_PKEY* key);

  const io::TemporaryDirectory temporary_ = *io::TemporaryDirectory::Make("forebay-tls");
  const std::string directory_ = temporary_.path();
  Key key_{nullptr, EVP_PKEY_free};
  Certificate certificate_{nullptr, X509_free};
  int serial_ = 0;
};

}  // namespace forebay::rpc
