/// @file  daffi ls.
#include <algorithm>
#include <cstdio>

#include "daffi/commands.hpp"

namespace daffi_command {
namespace {

std::string state_of(const daffi::Member& member) {
  if (member.suspended) return "suspended";
  return member.draining ? "draining" : "present";
}

daffi::Value to_value(const daffi::Parameter& parameter) {
  daffi::Value::Map map;
  map.emplace_back("name", parameter.name);
  map.emplace_back("type", parameter.type);
  if (parameter.has_default) map.emplace_back("default", parameter.default_text);
  if (parameter.variadic) map.emplace_back("variadic", true);
  return map;
}

daffi::Value to_value(const std::vector<std::string>& texts) {
  daffi::Value::List list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

daffi::Value to_value(const daffi::Global& g, const daffi::Member& member, const daffi::CallbackInfo& callback) {
  daffi::Value::List parameters;
  for (const auto& parameter : callback.signature.parameters) parameters.push_back(to_value(parameter));
  daffi::Value::Map map;
  map.emplace_back("name", callback.name);
  map.emplace_back("signature", callback.signature.text(callback.name));
  map.emplace_back("parameters", std::move(parameters));
  map.emplace_back("returns", callback.signature.returns);
  map.emplace_back("callers", to_value(callback.callers));
  map.emplace_back("documentation", g.documentation(member.process_name, callback.name));
  return map;
}

void print_json(const daffi::Global& g, const std::vector<daffi::Member>& members) {
  daffi::Value::List list;
  for (const auto& member : members) {
    daffi::Value::List callbacks;
    for (const auto& callback : member.callbacks) callbacks.push_back(to_value(g, member, callback));
    daffi::Value::Map map;
    map.emplace_back("process", member.process_name);
    map.emplace_back("language", member.language);
    map.emplace_back("identity", member.identity);
    map.emplace_back("state", state_of(member));
    map.emplace_back("callbacks", std::move(callbacks));
    list.push_back(std::move(map));
  }
  std::printf("%s\n", daffi::Value(std::move(list)).to_json(2).c_str());
}

void print_text(const std::vector<daffi::Member>& members) {
  const bool colour = colours();
  const char* bold = colour ? "\033[1m" : "";
  const char* faint = colour ? "\033[2m" : "";
  const char* plain = colour ? "\033[0m" : "";
  if (members.empty()) std::printf("no processes\n");
  for (const auto& member : members) {
    std::printf("%s%s%s  %s%s, %s, %s%s\n", bold, member.process_name.c_str(), plain, faint, member.language.c_str(),
                member.identity.c_str(), state_of(member).c_str(), plain);
    for (const auto& callback : member.callbacks) {
      std::string text = callback.signature.text(callback.name);
      if (text.starts_with("def ")) text.erase(0, 4);
      for (const auto& caller : callback.callers)
        text += (&caller == &callback.callers.front() ? "  for " : ", ") + caller;
      std::printf("  %s\n", text.c_str());
    }
  }
}

}  // namespace

int ListCommand::run() const {
  return guarded([&] {
    daffi::Global g(address.observer(timeout));
    auto members = g.members();
    std::erase_if(members, [](const daffi::Member& member) { return member.self; });
    json ? print_json(g, members) : print_text(members);
    return kSuccess;
  });
}

}  // namespace daffi_command
