#pragma once

#include "rpc/messages.h"
#include "serve/fluss/call.h"
#include "serve/fluss/fluss_users.h"

namespace forebay::serve {

/// SASL with PLAIN (RFC 4616), SCRAM-SHA-256 and SCRAM-SHA-512: takes a client's next token, and
/// notes its name in the session once it has shown who it is. AUTHENTICATE_EXCEPTION when it has
/// not, which does not say what was wrong; after a few of them the connection gets no more tries.
/// What it keeps meanwhile is the session's state.
Outcome<rpc::AuthenticateResponse> Authenticate(const FlussUsers& users,
                                                const rpc::AuthenticateRequest& request,
                                                rpc::Session& session);

}  // namespace forebay::serve
