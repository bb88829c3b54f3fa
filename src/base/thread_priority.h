#pragma once

namespace forebay {

/// Lets this thread, and those it starts, give way to others when the processors are all busy: it
/// gets about a third of what another one does, so it still gets on, and a thread that somebody
/// waits for is not put off for several of its turns. A thread cannot take it back.
void GiveWay();

}  // namespace forebay
