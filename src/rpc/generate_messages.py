#!/usr/bin/env python3
"""Makes messages.h, messages.cc and message_list.h from FlussApi.proto: generate_messages.py PROTO OUT_DIRECTORY

A struct a message: required fields are plain members, optional ones std::optional, repeated ones
std::vector; `bytes` are Payloads, which point into the frame they came in. What is common to all
messages is in message_codec.h."""
import os
import re
import sys

SCALARS = {
    "int32": "int32_t",
    "int64": "int64_t",
    "bool": "bool",
    "float": "float",
    "double": "double",
    "string": "std::string",
    "bytes": "Payload",
}
KEYWORDS = {"delete", "default", "operator"}


def fail(message):
    sys.exit(f"generate_messages.py: {message}")


class Field:
    PATTERN = re.compile(r"(required|optional|repeated) (\w+) (\w+) = (\d+)( \[packed = true\])?$")

    def __init__(self, text, messages):
        match = self.PATTERN.match(text)
        if not match:
            fail(f"cannot read the field '{text}'")
        self.label, kind, self.name, number = match.group(1, 2, 3, 4)
        self.number = int(number)
        if kind not in SCALARS and kind not in messages:
            fail(f"unknown type '{kind}'")
        if self.number > 63:
            fail(f"field number {number} is above 63")
        self.type = SCALARS.get(kind, kind)
        if self.name in KEYWORDS:
            self.name += "_"

    def declaration(self):
        if self.label == "repeated":
            return f"std::vector<{self.type}> {self.name};"
        if self.label == "optional":
            return f"std::optional<{self.type}> {self.name};"
        initial = {"bool": " = false"}.get(self.type, " = 0")
        return f"{self.type} {self.name}{initial if self.type in SCALARS.values() and self.type not in ('std::string', 'Payload') else ''};"


def parse(text):
    text = re.sub(r"//.*", "", text)
    found = re.findall(r"message\s+(\w+)\s*\{(.*?)\}", text, flags=re.S)
    names = {name for name, _ in found}
    if len(names) != len(found):
        fail("a message stands there twice")
    return [
        (name, [Field(" ".join(part.split()), names) for part in body.split(";") if part.strip()])
        for name, body in found
    ]


def header(messages):
    out = ["#pragma once", "", "// Made by generate_messages.py from FlussApi.proto.", ""]
    out += ["#include <optional>", "#include <string>", "#include <vector>", ""]
    out += ['#include "rpc/message_codec.h"', "", "namespace forebay::rpc {", ""]
    out += [f"struct {name};" for name, _ in messages] + [""]
    for name, fields in messages:
        required = sum(1 << field.number for field in fields if field.label == "required")
        out.append(f"struct {name} {{")
        out.append(f'  static constexpr std::string_view kName = "{name}";')
        out.append(f"  static constexpr uint64_t kRequired = {hex(required)};")
        out += ["  " + field.declaration() for field in fields]
        out.append("  template <typename V>")
        out.append(f"  void ForEachField([[maybe_unused]] V&& visit) const {{")
        out += [f"    visit({field.number}, {field.name});" for field in fields]
        out += ["  }", "  Status ReadField(uint32_t number, MessageReader& in);", "};", ""]
    for name, _ in messages:
        out.append(f"extern template Status ReadMessage(MessageReader&, {name}&);")
        out.append(f"extern template void WriteMessage(const {name}&, MessageWriter&);")
        out.append(f"extern template size_t MessageSize(const {name}&);")
    return out + ["", "}  // namespace forebay::rpc", ""]


def source(messages):
    out = ['#include "rpc/messages.h"', "", "namespace forebay::rpc {", ""]
    for name, fields in messages:
        out.append(f"Status {name}::ReadField(uint32_t number, MessageReader& in) {{")
        out.append("  switch (number) {")
        out += [f"    case {field.number}: return in.Read({field.name});" for field in fields]
        out += ["    default: return in.Skip();", "  }", "}", ""]
    for name, _ in messages:
        out.append(f"template Status ReadMessage(MessageReader&, {name}&);")
        out.append(f"template void WriteMessage(const {name}&, MessageWriter&);")
        out.append(f"template size_t MessageSize(const {name}&);")
    return out + ["", "}  // namespace forebay::rpc", ""]


def message_list(messages):
    out = ["#pragma once", "", "// Made by generate_messages.py from FlussApi.proto.", "",
           "/// Calls `visit(name)` for each message, in the order of the file."]
    out.append("#define FOREBAY_FOR_EACH_MESSAGE(visit) " + " ".join(f"visit({name})" for name, _ in messages))
    return out + [""]


def main():
    if len(sys.argv) != 3:
        fail("usage: generate_messages.py PROTO OUT_DIRECTORY")
    with open(sys.argv[1], encoding="utf-8") as file:
        messages = parse(file.read())
    for name, lines in (("messages.h", header(messages)), ("messages.cc", source(messages)),
                        ("message_list.h", message_list(messages))):
        with open(os.path.join(sys.argv[2], name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


if __name__ == "__main__":
    main()
