/// @file  Global: starts and stops this process's controller and node, registers callbacks, makes calls.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/callback.hpp"
#include "daffi/lazy_call.hpp"
#include "daffi/members.hpp"
#include "daffi/options.hpp"
#include "daffi/registration.hpp"
#include "daffi/transfer.hpp"
#include "daffi/waiting.hpp"

namespace daffi::global_ {
class Runtime;
class Maker;
}  // namespace daffi::global_

namespace daffi::inline v1 {

class Global;
namespace testing {
class Cluster;
}
namespace detail {
DAFFI_API std::weak_ptr<Core> core_of(const Global& global);
}

/// The entry point of a process. Several may live in one process; each is a member of its own.
///
/// Resource: neither copied nor moved; what refers to it (Fetches, Registrations) does so weakly. Destroying it is
/// stop(). Threads: any. Blocking members may be called inside callbacks, but not on the way of a signal handler.
/// Documentation: 1.1, 4, 7.1.
class DAFFI_API Global {
 public:
  /// Starts what the options ask for and returns when it is up: the controller listens, the node knows the others. A
  /// node whose controller is away keeps trying, says so in the log, and gives up after `connect_timeout`. Throws
  /// InitializationError that names the argument; its code tells a taken name (name_taken), a refusal (refused) and
  /// passed time (connect_timeout) apart.
  explicit Global(const GlobalOptions& options = {});
  ~Global();
  Global(const Global&) = delete;
  Global& operator=(const Global&) = delete;

  /// Blocks until stop(), from whichever thread.
  void join();
  /// The same; with `{.stop_on_signals = true}` SIGINT and SIGTERM stop the Global too.
  void join(JoinOptions options);

  /// Announces that no new calls are taken, lets running callbacks finish for at most `drain_timeout`, flushes what
  /// was accepted, ends what is still pending, and leaves. Blocks until then; inside a callback it does not wait for
  /// that callback. Later calls throw GlobalContextError (stopped). The second time nothing happens.
  void stop();
  /// The same with another limit for running callbacks; zero waits for none.
  void stop(Duration deadline);

  /// Blocks until another process of that name (or this one) is there. `timeout`: none waits without bound. Throws
  /// TimeoutError (wait_timeout), GlobalContextError (stopped).
  void wait_process(const std::string& process_name, Duration timeout = {});
  /// Blocks until some process, this one included, has a callback of that name.
  void wait_function(const std::string& func_name, Duration timeout = {});
  /// The same for coroutines: `co_await g.wait_process_async("shop", 5s)`.
  DirectoryWait wait_process_async(std::string process_name, Duration timeout = {});
  DirectoryWait wait_function_async(std::string func_name, Duration timeout = {});

  /// The names of the others' callbacks by process, in order of registration. A controller without a node knows all.
  [[nodiscard]] std::map<std::string, std::vector<std::string>> registered_callbacks() const;
  /// The tasks that a process runs by PERIOD, whoever asked for them; `process_name` may be the own one. Blocks. Throws
  /// UnableToFindCandidate (unknown_process), and what any call throws.
  [[nodiscard]] std::vector<ScheduledTaskInfo> get_scheduled_tasks(const std::string& process_name) const;
  /// Ends one of them: no further run begins. False: it had ended already. Blocks. Throws RemoteCallError for a uuid
  /// that the process does not know, UnableToFindCandidate (unknown_process).
  bool cancel_scheduled_task_by_uuid(const std::string& process_name, const std::string& uuid) const;

  /// Everybody, this process included, with signatures.
  [[nodiscard]] std::vector<Member> members() const;
  /// The documentation text of a callback; empty when it has none. Blocks for the controller's answer. Throws
  /// UnableToFindCandidate (unknown_process), GlobalContextError (unknown_callback), TimeoutError.
  [[nodiscard]] std::string documentation(const std::string& process_name, const std::string& func_name,
                                          Duration timeout = std::chrono::seconds(5)) const;

  [[nodiscard]] bool is_controller() const;
  [[nodiscard]] const std::string& process_name() const;
  /// The TCP port of the controller here, or of the one the node connects to; 0 without TCP.
  [[nodiscard]] std::uint16_t port() const;
  /// The path of the UNIX socket; empty with TCP.
  [[nodiscard]] std::string unix_sock_path() const;
  /// True while the node is connected to its controller.
  [[nodiscard]] bool connected() const;
  [[nodiscard]] GlobalStats stats() const;

  /// A call without types: `daffi::Value v = g.call("add", 1, kw("to", 2)) & FG{.timeout = 5s}`.
  template <typename... Ts>
  LazyCall call(std::string name, const Ts&... arguments) const {
    Writer writer;
    encode_arguments(writer, arguments...);
    return {core(), std::move(name), positional_count<Ts...>, keyword_names(arguments...), std::move(writer)};
  }

  /// Runs a function of `code` in a process, with arguments and result as in any call, though that process holds no
  /// such callback: `int n = g.transfer_and_call<int>("worker", Module::from_file("twice.so"), "twice", 21)`. Blocks.
  /// The code travels when that process does not have it yet. Throws what calls throw; UnableToFindCandidate
  /// (unknown_process); NotPermittedError: both must be the same user's on one host, or that process was started with
  /// allow_code and this one has a certificate; RemoteCallError (unusable_code): not made for that process, or without
  /// such a function. Documentation: 2.9, 4, 7.1.9.
  template <typename R = Value, typename... Ts>
  R transfer_and_call(const std::string& process_name, const Code& code, const std::string& function,
                      const Ts&... arguments) const {
    return transfer_and_call<R>(FG{}, process_name, code, function, arguments...);
  }
  /// The same with a timeout.
  template <typename R = Value, typename... Ts>
  R transfer_and_call(const FG& modifier, const std::string& process_name, const Code& code,
                      const std::string& function, const Ts&... arguments) const {
    detail::ArgumentWriter writer;
    const auto spec =
        detail::write_transfer(*writer, detail::call_spec(function, modifier), process_name, code, arguments...);
    detail::Reply reply;
    detail::lock_core(core())->call(spec, *writer, reply);
    return detail::read_result<R>(reply, function);
  }
  /// The same without blocking.
  template <typename R = Value, typename... Ts>
  AsyncResult<R> transfer_and_call(const BG& modifier, const std::string& process_name, const Code& code,
                                   const std::string& function, const Ts&... arguments) const {
    detail::ArgumentWriter writer;
    auto spec =
        detail::write_transfer(*writer, detail::call_spec(function, modifier), process_name, code, arguments...);
    return AsyncResult<R>(
        detail::lock_core(core())->start_call(std::make_shared<const detail::CallSpec>(std::move(spec)), *writer));
  }

  /// A stream without types: `for (daffi::Value v : g.stream("generate_stream", 1000) & FG{})`.
  template <typename... Ts>
  LazyStream stream(std::string name, const Ts&... arguments) const {
    Writer writer;
    encode_arguments(writer, arguments...);
    return {core(), std::move(name), positional_count<Ts...>, keyword_names(arguments...), std::move(writer)};
  }

  /// Offers a function to the others under its own name: `g.callback<&calculate_sum>()`. `words`, in any order: an
  /// alias (text), params(…) so that it takes keywords, doc(…). The others learn of it at once. The last registration
  /// of a name wins. Callbacks may run on several threads at once, may block, may throw, may take a CallContext& first,
  /// and may be coroutines that return a Task. The result may be dropped. Throws InitializationError (words that do not
  /// fit), GlobalContextError (stopped). Documentation: 2.1, 7.2.
  template <auto F, typename... Words>
  Registration callback(const Words&... words) {
    return add(detail::list_of(detail::collect_words(function_name<F>(), words...), detail::as_callable<F>()));
  }
  /// The same for a lambda or other object with one operator(); it lives until it is unregistered.
  template <typename Fn, typename... Words>
    requires(!std::convertible_to<Fn, std::string_view>)
  Registration callback(std::string_view name, Fn fn, const Words&... words) {
    return add(detail::list_of(detail::collect_words(name, words...), std::move(fn)));
  }

  /// Offers the methods that T lists: `using callbacks = daffi::Methods<&T::a, &T::b>;`. Shares the object.
  /// `described`: describe<&T::a>(params(…), doc(…)). Documentation: 1.1, 2.3.
  template <typename T, typename... Described>
  Registration serve(const std::shared_ptr<T>& object, const Described&... described) {
    return add(detail::service_list(object, described...));
  }
  /// The same for a new T of its own.
  template <typename T>
  Registration serve() {
    return serve(std::make_shared<T>());
  }

 private:
  friend class testing::Cluster;
  friend class global_::Maker;
  friend std::weak_ptr<detail::Core> detail::core_of(const Global& global);

  explicit Global(std::shared_ptr<global_::Runtime> runtime);
  [[nodiscard]] std::weak_ptr<detail::Core> core() const;
  Registration add(detail::CallbackList list);

  std::shared_ptr<global_::Runtime> runtime_;
};

}  // namespace daffi::inline v1
