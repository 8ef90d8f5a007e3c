/// @file  Whose buffers go when others come.
#include "controller/warm_set.hpp"

#include <algorithm>

#include "controller/session.hpp"

namespace daffi::controller {

void WarmSet::add(Session& session) {
  Session*& slot = sessions_[next_];
  next_ = (next_ + 1) % kSize;
  if (slot != nullptr) slot->cool_down();
  slot = &session;
}

void WarmSet::remove(Session& session) {
  std::replace(sessions_.begin(), sessions_.end(), &session, static_cast<Session*>(nullptr));
}

}  // namespace daffi::controller
