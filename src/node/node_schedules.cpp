/// @file  Node, scheduled tasks: what others ask for, and where it is kept.
#include <algorithm>
#include <array>

#include "base/sha256.hpp"
#include "net/identity.hpp"
#include "node/node_impl.hpp"
#include "rpc/schedule_store.hpp"
#include "rpc/task_work.hpp"
#include "session/permission.hpp"

namespace daffi::node {
namespace {

using rpc::SystemCallback;

class Host final : public rpc::ScheduleHost {
 public:
  Host(std::shared_ptr<rpc::Server> server, std::shared_ptr<rpc::Engine> engine, std::string own_name)
      : server_(std::move(server)), engine_(std::move(engine)), own_name_(std::move(own_name)) {}
  bool has_callback(const std::string& name) const override { return server_->callbacks().find(name) != nullptr; }
  void post(std::function<void(std::shared_ptr<void>)> task) override {
    engine_->submit_always(*rpc::make_task([task = std::move(task), busy = server_->busy()] { task(busy); }));
    engine_->kick();
  }
  bool run(rpc::LocalCall call, rpc::LocalDone done) override {
    // Nobody else has this name while this process lives, and what it keeps was asked for in its lives.
    call.caller.self = call.caller.name == own_name_;
    return server_->run_local(std::move(call), std::move(done));
  }
  void request_stop(std::stop_source stop) override { server_->request_stop({std::move(stop)}); }

 private:
  const std::shared_ptr<rpc::Server> server_;
  const std::shared_ptr<rpc::Engine> engine_;
  const std::string own_name_;
};

template <typename T>
T value_or_refuse(base::Result<T> result) {
  if (!result.ok()) throw rpc::SystemRefusal{std::move(result).failure()};
  return std::move(result).value();
}

std::string read_text(Reader& reader) {
  std::string text;
  if (!Codec<std::string>::read(reader, text) || !reader.expect_end()) {
    throw rpc::SystemRefusal{base::fail(ErrorCode::malformed, reader.error())};
  }
  return text;
}

// A file name for every process name, and never the same one for two.
std::string file_name_of(const std::string& process) {
  constexpr std::size_t kLongest = 200;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name;
  for (const char c : process) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '-' ||
        byte == '_') {
      name += c;
    } else {
      name += '%';
      name += kHex[byte >> 4];
      name += kHex[byte & 15];
    }
  }
  if (name.size() <= kLongest) return name;
  name.resize(kLongest - 40);
  name += '.';
  return name + base::hex(base::sha256(base::as_bytes(process))).substr(0, 32);
}

// What others schedule here has to be there, open to them, and must be something that ends.
void check_callback(rpc::Server& server, const std::string& name, const rpc::Caller& caller) {
  const auto entry = server.callbacks().find(name);
  if (!entry) {
    throw rpc::SystemRefusal{
        base::fail(ErrorCode::no_candidate, "the callback '" + name + "' is not registered any more")};
  }
  if (!may_call(*entry, caller)) throw rpc::SystemRefusal{session::may_not_call(name)};
  if (entry->spec.signature.stream) {
    throw rpc::SystemRefusal{
        base::fail(ErrorCode::invalid_modifier, "PERIOD cannot be used with '" + name + "', which yields a stream")};
  }
}

}  // namespace

void Node::Impl::make_schedules() {
  rpc::ScheduleLimits limits;
  limits.verified_schedulers = options.verified_schedulers;
  schedules =
      std::make_shared<rpc::Schedules>(loop, std::make_shared<Host>(server, engine, options.process_name), limits);
  auto& callbacks = server->callbacks();
  const auto tasks = std::weak_ptr(schedules);
  callbacks.add_system(SystemCallback::schedule, "schedule",
                       [tasks, server = std::weak_ptr(server), process = options.process_name](
                           detail::Invocation& call, const rpc::Caller& caller) {
                         const auto all = tasks.lock();
                         const auto here = server.lock();
                         if (!all || !here) return;
                         const auto received = value_or_refuse(rpc::read_schedule_request(call.arguments()));
                         check_callback(*here, received.request.callback, caller);
                         const auto uuid = value_or_refuse(all->add(received, caller));
                         Codec<rpc::Scheduled>::write(call.result(), {uuid, process});
                       });
  callbacks.add_system(SystemCallback::cancel_schedule, "cancel_schedule",
                       [tasks](detail::Invocation& call, const rpc::Caller&) {
                         if (const auto all = tasks.lock())
                           call.result().boolean(value_or_refuse(all->cancel(read_text(call.arguments()))));
                       });
  callbacks.add_system(SystemCallback::list_schedules, "list_schedules",
                       [tasks](detail::Invocation& call, const rpc::Caller&) {
                         if (const auto all = tasks.lock())
                           Codec<rpc::TaskPage>::write(call.result(), all->list(read_text(call.arguments())));
                       });
}

base::Result<void> Node::Impl::restore_schedules() {
  if (options.state_dir.empty()) return {};
  if (auto made = net::make_private_folder(options.state_dir); !made.ok()) {
    return base::fail(ErrorCode::initialization, "state_dir: " + made.failure().message);
  }
  rpc::StoreOptions store_options;
  store_options.file = options.state_dir + "/" + file_name_of(options.process_name) + ".schedules";
  store_options.process_name = options.process_name;
  auto store = rpc::open_schedule_store(store_options);
  if (!store.ok()) return std::move(store).failure();
  auto restored = schedules->restore(std::move(store).value());
  if (!restored.ok()) return base::fail(ErrorCode::initialization, restored.failure().message);
  return {};
}

}  // namespace daffi::node
