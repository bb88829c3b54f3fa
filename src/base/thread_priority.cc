#include "base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace forebay {

void GiveWay() {
  constexpr int kNice = 5;
  // Of the thread alone, on Linux; a wish: without it everything works the same.
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

}  // namespace forebay
