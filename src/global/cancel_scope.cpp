/// @file  CancelScope: one suspension at a time, under a lock.
#include "daffi/detail/cancel_scope.hpp"

#include <atomic>
#include <string>
#include <utility>

#include "base/annotations.hpp"
#include "base/result.hpp"
#include "daffi/detail/resume.hpp"

namespace daffi::inline v1::detail {
namespace {

class Scope final : public CancelScope {
 public:
  bool cancelled() const override { return cancelled_.load(); }

  void waits_for(std::shared_ptr<Resume> resume) override {
    {
      base::Lock lock(mutex_);
      // Resumed meanwhile, it may wait for something else by now.
      if (resume->settled()) return;
      if (!cancelled_.load()) {
        waiting_.swap(resume);
        return;
      }
    }
    resume->cancel();
  }

  void cancel() override {
    std::shared_ptr<Resume> waiting;
    {
      base::Lock lock(mutex_);
      cancelled_.store(true);
      waiting.swap(waiting_);
    }
    if (waiting) waiting->cancel();
  }

 private:
  base::Mutex mutex_;
  std::atomic<bool> cancelled_{false};
  std::shared_ptr<Resume> waiting_ DAFFI_GUARDED_BY(mutex_);
};

}  // namespace

CancelScope::~CancelScope() = default;

std::shared_ptr<CancelScope> CancelScope::make() { return std::make_shared<Scope>(); }

void throw_cancelled(std::string_view what) {
  base::throw_failure(
      base::fail(ErrorCode::cancelled, "the coroutine that waited for " + std::string(what) + " was cancelled"));
}

}  // namespace daffi::inline v1::detail
