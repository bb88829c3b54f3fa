#include "compute/batch/vector_bridge.h"

#include <cstring>

#include "compute/batch/duckdb_handle.h"

namespace forebay::compute {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::StringRef;

namespace {

duckdb_type FlatTypeId(const DataType& type) {
  switch (type.physical()) {
    case PhysicalType::kBool: return DUCKDB_TYPE_BOOLEAN;
    case PhysicalType::kInt8: return DUCKDB_TYPE_TINYINT;
    case PhysicalType::kInt16: return DUCKDB_TYPE_SMALLINT;
    case PhysicalType::kInt32: return DUCKDB_TYPE_INTEGER;
    case PhysicalType::kInt64: return DUCKDB_TYPE_BIGINT;
    case PhysicalType::kInt128: return DUCKDB_TYPE_HUGEINT;
    case PhysicalType::kFloat: return DUCKDB_TYPE_FLOAT;
    case PhysicalType::kDouble: return DUCKDB_TYPE_DOUBLE;
    case PhysicalType::kString: return type.IsCharacter() ? DUCKDB_TYPE_VARCHAR : DUCKDB_TYPE_BLOB;
    default: return DUCKDB_TYPE_BOOLEAN;  // NULL-typed columns
  }
}

/// The types of a nested type's children as the column holds them: a MULTISET's counts are INT.
std::vector<DataType> ChildTypes(const DataType& type) {
  if (!type.Is(model::TypeRoot::kMultiset)) return type.children();
  return {type.children()[0], DataType::Int().NotNull()};
}

}  // namespace

DuckDbType DuckDbTypeOf(const DataType& type) {
  std::vector<DuckDbType> children;
  for (const DataType& child : ChildTypes(type)) children.push_back(DuckDbTypeOf(child));
  switch (type.physical()) {
    case PhysicalType::kList: return DuckDbType(duckdb_create_list_type(children[0].get()));
    case PhysicalType::kMap:
      return DuckDbType(duckdb_create_map_type(children[0].get(), children[1].get()));
    case PhysicalType::kStruct: {
      std::vector<duckdb_logical_type> types;
      std::vector<std::string> names;
      std::vector<const char*> name_pointers;
      for (size_t i = 0; i < children.size(); ++i) names.push_back("f" + std::to_string(i));
      for (size_t i = 0; i < children.size(); ++i) {
        types.push_back(children[i].get());
        name_pointers.push_back(names[i].c_str());
      }
      return DuckDbType(
          duckdb_create_struct_type(types.data(), name_pointers.data(), types.size()));
    }
    default: return DuckDbType(duckdb_create_logical_type(FlatTypeId(type)));
  }
}

namespace {

void AppendCell(ColumnBuilder& builder, duckdb_vector vector, const DataType& type, idx_t row);

void AppendList(ColumnBuilder& builder, duckdb_vector vector, const DataType& type, idx_t row) {
  duckdb_list_entry entry = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector))[row];
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  std::vector<DataType> types = ChildTypes(type);
  for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (type.physical() == PhysicalType::kList) {
      AppendCell(builder.child(0), child, types[0], i);
    } else {
      for (int part = 0; part < 2; ++part) {
        AppendCell(builder.child(part), duckdb_struct_vector_get_child(child, part), types[part],
                   i);
      }
    }
  }
  builder.FinishEntry();
}

void AppendCell(ColumnBuilder& builder, duckdb_vector vector, const DataType& type, idx_t row) {
  uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
    return builder.AppendNull();
  }
  switch (type.physical()) {
    case PhysicalType::kNull: return builder.AppendNull();
    case PhysicalType::kList:
    case PhysicalType::kMap: return AppendList(builder, vector, type, row);
    case PhysicalType::kStruct:
      for (size_t i = 0; i < type.children().size(); ++i) {
        AppendCell(builder.child(static_cast<int>(i)), duckdb_struct_vector_get_child(vector, i),
                   type.children()[i], row);
      }
      return builder.FinishEntry();
    case PhysicalType::kString:
      return builder.AppendString(
          static_cast<const StringRef*>(duckdb_vector_get_data(vector))[row].view());
    default:
      model::DispatchPhysical(type.physical(), [&]<typename T>(T*) {
        if constexpr (!std::is_same_v<T, StringRef>) {
          builder.Append<T>(static_cast<const T*>(duckdb_vector_get_data(vector))[row]);
        }
      });
  }
}

}  // namespace

Column ColumnOfVector(duckdb_vector vector, const DataType& type, int num_rows) {
  if (model::PhysicalSize(type.physical()) > 0) {
    return Column(type, num_rows, duckdb_vector_get_data(vector),
                  duckdb_vector_get_validity(vector), {});
  }
  ColumnBuilder builder(type, num_rows);
  for (int row = 0; row < num_rows; ++row) {
    AppendCell(builder, vector, type, static_cast<idx_t>(row));
  }
  return builder.Finish();
}

namespace {

void WriteValidity(const Column& column, duckdb_vector vector, idx_t at) {
  if (!column.MayHaveNulls()) return;
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t* validity = duckdb_vector_get_validity(vector);
  for (int row = 0; row < column.num_rows(); ++row) {
    if (column.IsNull(row)) duckdb_validity_set_row_invalid(validity, at + row);
  }
}

void WriteStrings(const Column& column, duckdb_vector vector, idx_t at, StringCopy strings) {
  StringRef* target = static_cast<StringRef*>(duckdb_vector_get_data(vector)) + at;
  for (int row = 0; row < column.num_rows(); ++row) {
    const StringRef& cell = column.Get<StringRef>(row);
    if (cell.IsInlined() || strings == StringCopy::kShare || column.IsNull(row)) {
      target[row] = column.IsNull(row) ? StringRef() : cell;
    } else {
      duckdb_unsafe_vector_assign_string_element_len(vector, at + row, cell.data(), cell.size());
    }
  }
}

void WriteAt(const Column& column, duckdb_vector vector, idx_t at, StringCopy strings);

void WriteLists(const Column& column, duckdb_vector vector, idx_t at, StringCopy strings) {
  int rows = column.num_rows();
  int first = column.offsets()[0];
  int count = column.offsets()[rows] - first;
  idx_t base = duckdb_list_vector_get_size(vector);
  duckdb_list_vector_reserve(vector, base + count);
  duckdb_list_vector_set_size(vector, base + count);
  auto* entries = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector)) + at;
  for (int row = 0; row < rows; ++row) {
    entries[row].offset = base + static_cast<idx_t>(column.offsets()[row] - first);
    entries[row].length = static_cast<idx_t>(column.offsets()[row + 1] - column.offsets()[row]);
  }
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  if (column.physical() == PhysicalType::kList) {
    return WriteAt(column.children()[0].Slice(first, count), child, base, strings);
  }
  for (int part = 0; part < 2; ++part) {
    WriteAt(column.children()[part].Slice(first, count),
            duckdb_struct_vector_get_child(child, part), base, strings);
  }
}

void WriteAt(const Column& column, duckdb_vector vector, idx_t at, StringCopy strings) {
  WriteValidity(column, vector, at);
  switch (column.physical()) {
    case PhysicalType::kNull: return;
    case PhysicalType::kString: return WriteStrings(column, vector, at, strings);
    case PhysicalType::kList:
    case PhysicalType::kMap: return WriteLists(column, vector, at, strings);
    case PhysicalType::kStruct:
      for (size_t i = 0; i < column.children().size(); ++i) {
        WriteAt(column.children()[i], duckdb_struct_vector_get_child(vector, i), at, strings);
      }
      return;
    default: {
      size_t width = static_cast<size_t>(model::PhysicalSize(column.physical()));
      std::memcpy(static_cast<char*>(duckdb_vector_get_data(vector)) + at * width,
                  column.raw_values(), static_cast<size_t>(column.num_rows()) * width);
    }
  }
}

}  // namespace

model::Batch BatchOfChunk(duckdb_data_chunk chunk, const std::vector<DataType>& types) {
  model::Batch batch;
  batch.num_rows = static_cast<int>(duckdb_data_chunk_get_size(chunk));
  for (size_t i = 0; i < types.size(); ++i) {
    batch.columns.push_back(
        ColumnOfVector(duckdb_data_chunk_get_vector(chunk, i), types[i], batch.num_rows));
  }
  return batch;
}

void WriteVector(const Column& column, duckdb_vector vector, StringCopy strings) {
  WriteAt(column, vector, 0, strings);
}

}  // namespace forebay::compute
