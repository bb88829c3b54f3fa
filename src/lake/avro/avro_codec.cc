#include "lake/avro/avro_codec.h"

#include <limits>

namespace forebay::lake {

namespace {

/// Deeper nesting is refused: no manifest has it, only hostile bytes.
constexpr int kMaxDepth = 64;

void WriteLong(int64_t value, ByteWriter& out) {
  out.WriteVarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

Result<int64_t> ReadLong(ByteReader& in) {
  ASSIGN_OR_RETURN(uint64_t raw, in.ReadVarint());
  return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
}

void WriteBytes(std::string_view bytes, ByteWriter& out) {
  WriteLong(static_cast<int64_t>(bytes.size()), out);
  out.WriteBytes(bytes);
}

Result<std::string_view> ReadBytes(ByteReader& in) {
  ASSIGN_OR_RETURN(int64_t size, ReadLong(in));
  if (size < 0) return Corruption("negative length in Avro data");
  return in.ReadBytes(static_cast<size_t>(size));
}

std::string TypeName(const AvroJson& schema) {
  const AvroJson* type = &schema;
  while (type->is_object() && type->contains("type")) type = &type->at("type");
  if (type->is_string()) return type->get<std::string>();
  return type->is_array() ? "union" : "";
}

/// {"type": {"type": "array", ...}} holds its parts one level down.
const AvroJson& Inner(const AvroJson& schema) {
  const AvroJson* inner = &schema;
  while (inner->is_object() && inner->contains("type") && inner->at("type").is_object()) {
    inner = &inner->at("type");
  }
  return *inner;
}

AvroJson Binary(std::string_view bytes) {
  return AvroJson::binary(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

Error Mismatch(const std::string& type, const AvroJson& datum) {
  return InvalidArgument("Avro type {} cannot hold {}", type, datum.type_name());
}

Status EncodePrimitive(const std::string& type, const AvroJson& schema, const AvroJson& datum,
                       ByteWriter& out) {
  if (type == "int" || type == "long") {
    if (!datum.is_number_integer()) return Mismatch(type, datum);
    WriteLong(datum.get<int64_t>(), out);
  } else if (type == "string") {
    if (!datum.is_string()) return Mismatch(type, datum);
    WriteBytes(datum.get_ref<const std::string&>(), out);
  } else if (type == "boolean") {
    if (!datum.is_boolean()) return Mismatch(type, datum);
    out.Write<uint8_t>(datum.get<bool>() ? 1 : 0);
  } else if (type == "bytes" || type == "fixed") {
    if (!datum.is_binary()) return Mismatch(type, datum);
    const auto& bytes = datum.get_binary();
    std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (type == "bytes") {
      WriteBytes(view, out);
    } else if (bytes.size() != schema.value("size", size_t{0})) {
      return Mismatch(type, datum);
    } else {
      out.WriteBytes(view);
    }
  } else if (type == "double") {
    out.Write(datum.get<double>());
  } else if (type == "float") {
    out.Write(static_cast<float>(datum.get<double>()));
  } else if (type != "null") {
    return NotSupported("Avro type '{}'", type);
  }
  return Status::Ok();
}

Status EncodeRecord(const AvroJson& schema, const AvroJson& datum, ByteWriter& out) {
  if (!datum.is_object()) return Mismatch("record", datum);
  for (const AvroJson& field : schema.at("fields")) {
    std::string name = field.at("name");
    auto it = datum.find(name);
    Status status = EncodeAvro(field.at("type"), it == datum.end() ? AvroJson() : *it, out);
    if (!status.ok()) return status.WithContext("field " + name);
  }
  return Status::Ok();
}

Status EncodeBlocks(const AvroJson& items, const AvroJson& datum, bool is_map, ByteWriter& out) {
  if (!datum.empty()) {
    WriteLong(static_cast<int64_t>(datum.size()), out);
    for (const auto& [key, item] : datum.items()) {
      if (is_map) WriteBytes(key, out);
      RETURN_IF_ERROR(EncodeAvro(items, item, out));
    }
  }
  WriteLong(0, out);
  return Status::Ok();
}

}  // namespace

Status EncodeAvro(const AvroJson& schema, const AvroJson& datum, ByteWriter& out) {
  std::string type = TypeName(schema);
  const AvroJson& inner = Inner(schema);
  if (type == "union") {
    const AvroJson& branches = inner.is_array() ? inner : inner.at("type");
    for (size_t i = 0; i < branches.size(); ++i) {
      if ((TypeName(branches[i]) == "null") != datum.is_null()) continue;
      WriteLong(static_cast<int64_t>(i), out);
      return EncodeAvro(branches[i], datum, out);
    }
    return Mismatch("union", datum);
  }
  if (type == "record") return EncodeRecord(inner, datum, out);
  if (type == "array") {
    if (!datum.is_array()) return Mismatch(type, datum);
    return EncodeBlocks(inner.at("items"), datum, false, out);
  }
  if (type == "map") {
    if (!datum.is_object()) return Mismatch(type, datum);
    return EncodeBlocks(inner.at("values"), datum, true, out);
  }
  return EncodePrimitive(type, inner, datum, out);
}

namespace {

Result<AvroJson> Decode(const AvroJson& schema, ByteReader& in, int depth);

Result<AvroJson> DecodePrimitive(const std::string& type, const AvroJson& schema, ByteReader& in) {
  if (type == "null") return AvroJson();
  if (type == "int" || type == "long") {
    ASSIGN_OR_RETURN(int64_t value, ReadLong(in));
    return AvroJson(value);
  }
  if (type == "boolean") {
    ASSIGN_OR_RETURN(uint8_t value, in.Read<uint8_t>());
    return AvroJson(value != 0);
  }
  if (type == "double") {
    ASSIGN_OR_RETURN(double value, in.Read<double>());
    return AvroJson(value);
  }
  if (type == "float") {
    ASSIGN_OR_RETURN(float value, in.Read<float>());
    return AvroJson(static_cast<double>(value));
  }
  if (type == "string") {
    ASSIGN_OR_RETURN(std::string_view value, ReadBytes(in));
    return AvroJson(std::string(value));
  }
  if (type == "bytes") {
    ASSIGN_OR_RETURN(std::string_view value, ReadBytes(in));
    return Binary(value);
  }
  if (type == "fixed") {
    ASSIGN_OR_RETURN(std::string_view value, in.ReadBytes(schema.value("size", size_t{0})));
    return Binary(value);
  }
  return Corruption("Avro schema names the unknown type '{}'", type);
}

Result<AvroJson> DecodeBlocks(const AvroJson& items, bool is_map, ByteReader& in, int depth) {
  AvroJson result = is_map ? AvroJson::object() : AvroJson::array();
  while (true) {
    ASSIGN_OR_RETURN(int64_t count, ReadLong(in));
    if (count == 0) return result;
    if (count < 0) {  // a negative count is followed by the block's size in bytes
      RETURN_IF_ERROR(ReadLong(in));
      if (count == std::numeric_limits<int64_t>::min()) return Corruption("bad Avro block count");
      count = -count;
    }
    if (static_cast<uint64_t>(count) > in.remaining()) {
      return Corruption("Avro block claims {} items in {} bytes", count, in.remaining());
    }
    for (int64_t i = 0; i < count; ++i) {
      std::string key;
      if (is_map) {
        ASSIGN_OR_RETURN(key, ReadBytes(in));
      }
      ASSIGN_OR_RETURN(AvroJson item, Decode(items, in, depth + 1));
      if (is_map) {
        result[key] = std::move(item);
      } else {
        result.push_back(std::move(item));
      }
    }
  }
}

Result<AvroJson> Decode(const AvroJson& schema, ByteReader& in, int depth) {
  if (depth > kMaxDepth) return Corruption("Avro data is nested more than {} deep", kMaxDepth);
  std::string type = TypeName(schema);
  const AvroJson& inner = Inner(schema);
  if (type == "union") {
    const AvroJson& branches = inner.is_array() ? inner : inner.at("type");
    ASSIGN_OR_RETURN(int64_t branch, ReadLong(in));
    if (branch < 0 || branch >= static_cast<int64_t>(branches.size())) {
      return Corruption("Avro union has no branch {}", branch);
    }
    return Decode(branches[static_cast<size_t>(branch)], in, depth + 1);
  }
  if (type == "record") {
    AvroJson record = AvroJson::object();
    for (const AvroJson& field : inner.at("fields")) {
      std::string name = field.at("name");
      ASSIGN_OR_RETURN(record[name], Decode(field.at("type"), in, depth + 1));
    }
    return record;
  }
  if (type == "array") return DecodeBlocks(inner.at("items"), false, in, depth);
  if (type == "map") return DecodeBlocks(inner.at("values"), true, in, depth);
  return DecodePrimitive(type, inner, in);
}

}  // namespace

Result<AvroJson> DecodeAvro(const AvroJson& schema, ByteReader& in) {
  try {
    return Decode(schema, in, 0);
  } catch (const nlohmann::json::exception& error) {
    return Corruption("bad Avro schema: {}", error.what());
  }
}

}  // namespace forebay::lake
