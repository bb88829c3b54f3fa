#pragma once

#include <map>
#include <string>

#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Who may connect, with their passwords; when there is nobody, everybody may.
using FlussUsers = std::map<std::string, std::string>;

/// SASL/PLAIN (RFC 4616): checks the client's name and password and notes the name in its session.
/// AUTHENTICATE_EXCEPTION when they are wrong, which does not say what of them is.
Outcome<rpc::AuthenticateResponse> Authenticate(const FlussUsers& users,
                                                const rpc::AuthenticateRequest& request,
                                                rpc::Session& session);

}  // namespace forebay::serve
