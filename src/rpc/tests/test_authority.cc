#include "rpc/tests/test_authority.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>

#include "base/check.h"

namespace forebay::rpc {

namespace {

constexpr long kDaySeconds = 24 * 3600;

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

TestAuthority::TestAuthority() {
  key_.reset(EVP_EC_gen("P-256"));
  certificate_ = Sign(key_.get(), "", false);
  Save(ca_file(), certificate_.get());
}

TestAuthority::Certificate TestAuthority::Sign(EVP_PKEY* key, const std::string& name, bool ended) {
  Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -2 * kDaySeconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), ended ? -kDaySeconds : kDaySeconds);
  X509_NAME* subject = X509_get_subject_name(made.get());
  std::string title = name.empty() ? "test authority" : "test";
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(title.c_str()), -1, -1, 0);
  X509* issuer = certificate_ ? certificate_.get() : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  X509_set_pubkey(made.get(), key);
  AddExtension(made.get(), NID_basic_constraints, name.empty() ? "critical,CA:TRUE" : "CA:FALSE");
  if (!name.empty()) AddExtension(made.get(), NID_subject_alt_name, name);
  CHECK(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0);
  return made;
}

TestAuthority::Files TestAuthority::Issue(const std::string& name, bool ended) {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  Certificate certificate = Sign(key.get(), name, ended);
  std::string stem = directory_ + "/" + std::to_string(serial_);
  Save(stem + ".pem", certificate.get());
  Save(stem + ".key", key.get());
  return {stem + ".pem", stem + ".key"};
}

std::string TestAuthority::Write(const std::string& name, const std::string& text) {
  std::string path = directory_ + "/" + name;
  std::ofstream(path) << text;
  return path;
}

void TestAuthority::Save(const std::string& path, X509* certificate) {
  FILE* file = fopen(path.c_str(), "w");
  CHECK(file != nullptr && PEM_write_X509(file, certificate) == 1);
  fclose(file);
}

void TestAuthority::Save(const std::string& path, EVP_PKEY* key) {
  FILE* file = fopen(path.c_str(), "w");
  CHECK(file != nullptr &&
        PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  fclose(file);
}

}  // namespace forebay::rpc
