#include <openssl/evp.h>

#include <charconv>

#include "compute/expression/cell_text.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

void AppendHex(std::string& out, std::string_view bytes, const char* digits) {
  for (char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
}

constexpr const char* kLowerDigits = "0123456789abcdef";
constexpr const char* kUpperDigits = "0123456789ABCDEF";

/// The digest in lower-case hexadecimal.
void SetDigest(RowWriter& out, const EVP_MD* digest, std::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes, &size, digest, nullptr) != 1) {
    return out.Fail(Internal("the hash function failed"));
  }
  std::string hex;
  AppendHex(hex, {reinterpret_cast<const char*>(bytes), size}, kLowerDigits);
  out.Text(hex);
}

template <const EVP_MD* (*kDigest)()>
Result<Kernel> MakeHash(const CallSite& call) {
  return RowKernel<std::string_view>(call,
                                     [digest = kDigest()](RowWriter& out, std::string_view text) {
                                       SetDigest(out, digest, text);
                                     });
}

Result<Kernel> MakeSha2(const CallSite& call) {
  return RowKernel<std::string_view, int32_t>(
      call, [](RowWriter& out, std::string_view text, int32_t bits) {
        switch (bits) {
          case 224: return SetDigest(out, EVP_sha224(), text);
          case 256: return SetDigest(out, EVP_sha256(), text);
          case 384: return SetDigest(out, EVP_sha384(), text);
          case 512: return SetDigest(out, EVP_sha512(), text);
          default: return out.Fail(InvalidArgument("SHA2: no such hash length: {}", bits));
        }
      });
}

Result<Kernel> MakeHexOfText(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string hex;
    AppendHex(hex, text, kUpperDigits);
    out.Text(hex);
  });
}

template <int kBase>
Result<Kernel> MakeDigits(const CallSite& call) {
  return RowKernel<int64_t>(call, [](RowWriter& out, int64_t value) {
    char buffer[65];
    auto end = std::to_chars(buffer, buffer + sizeof(buffer), static_cast<uint64_t>(value), kBase);
    for (char* c = buffer; c != end.ptr; ++c) *c = static_cast<char>(*c >= 'a' ? *c - 32 : *c);
    out.Text({buffer, static_cast<size_t>(end.ptr - buffer)});
  });
}

Result<Kernel> MakeToBase64(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string result((text.size() + 2) / 3 * 4 + 1, '\0');
    int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                               reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()));
    out.Text({result.data(), static_cast<size_t>(size)});
  });
}

Result<Kernel> MakeFromBase64(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string padded(text);
    while (padded.size() % 4 != 0) padded += '=';
    std::string result(padded.size(), '\0');
    int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                               reinterpret_cast<const unsigned char*>(padded.data()),
                               static_cast<int>(padded.size()));
    if (size < 0) return out.Fail(InvalidArgument("FROM_BASE64: no base64 text: '{}'", text));
    // The decoder counts the padding as bytes.
    for (size_t i = padded.size(); i > 0 && padded[i - 1] == '=' && size > 0; --i) --size;
    out.Text({result.data(), static_cast<size_t>(size)});
  });
}

/// The first byte as Java sees it: signed.
Result<Kernel> MakeAscii(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    out.Set(text.empty() ? int32_t{0} : int32_t{static_cast<signed char>(text[0])});
  });
}

Result<Kernel> MakeChr(const CallSite& call) {
  return RowKernel<int64_t>(call, [](RowWriter& out, int64_t code) {
    if (code < 0) return out.Share({});
    unsigned char low = static_cast<unsigned char>(code & 0xff);
    char bytes[2] = {static_cast<char>(low), 0};
    if (low < 0x80) return out.Text({bytes, 1});
    bytes[0] = static_cast<char>(0xc0 | low >> 6);
    bytes[1] = static_cast<char>(0x80 | (low & 0x3f));
    out.Text({bytes, 2});
  });
}

constexpr FunctionEntry kEntries[] = {
    {"MD5", "s", kNoFlags, MakeHash<EVP_md5>},
    {"SHA1", "s", kNoFlags, MakeHash<EVP_sha1>},
    {"SHA224", "s", kNoFlags, MakeHash<EVP_sha224>},
    {"SHA256", "s", kNoFlags, MakeHash<EVP_sha256>},
    {"SHA384", "s", kNoFlags, MakeHash<EVP_sha384>},
    {"SHA512", "s", kNoFlags, MakeHash<EVP_sha512>},
    {"SHA2", "si", kNoFlags, MakeSha2},
    {"HEX", "s", kNoFlags, MakeHexOfText},
    {"HEX", "l", kNoFlags, MakeDigits<16>},
    {"BIN", "l", kNoFlags, MakeDigits<2>},
    {"TO_BASE64", "x", kNoFlags, MakeToBase64},
    {"FROM_BASE64", "x", kNoFlags, MakeFromBase64},
    {"ASCII", "s", kNoFlags, MakeAscii},
    {"CHR", "l", kNoFlags, MakeChr},
};

}  // namespace

std::span<const FunctionEntry> EncodingFunctions() { return kEntries; }

}  // namespace forebay::compute
