/// @file  Judges the ledgers of all processes of a test, once they have ended: did every promise about calls hold?
#include "faults/checker.hpp"

#include <fstream>
#include <sstream>
#include <unordered_map>

namespace daffi::tests {
namespace {

constexpr std::size_t kMostComplaints = 100;

// What all ledgers together say of one call.
struct Story {
  struct Taken {
    int file = -1;
    long next = 0;  // the item that must come next
  };
  int sent = 0;
  int runs = 0;
  int ends = 0;
  bool caller_killed = false;
  bool good = false;
  bool may_have_run = true;
  std::string kind;
  long items = 0;
  std::int64_t began = 0;
  std::int64_t limit_ms = 0;
  std::int64_t ended = 0;
  std::vector<Taken> taken;  // by file
};

class Court {
 public:
  explicit Court(const CheckOptions& options) : options_(options) {}

  void read(const std::filesystem::path& path) {
    std::ifstream file(path);
    file_ = static_cast<int>(verdict_.processes++);
    name_ = path.stem();
    killed_ = options_.killed.contains(name_);
    bool quit = false;
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      // A process dies between two lines, but the machine's disk may be full in the midst of one.
      const bool torn = file.eof();
      if (quit) complain(name_ + " went on after its end: " + line);
      if (line == "quit") {
        quit = true;
      } else if (torn ? !killed_ : !take(line, number)) {
        complain(name_ + ": line " + std::to_string(number) + " is no record: '" + line + "'");
      }
    }
    if (number == 0) complain(name_ + " is empty");
    if (!quit && !killed_) complain(name_ + " did not end in order, and nobody killed it");
  }

  Verdict judge() {
    for (const auto& [id, story] : stories_) judge(id, story);
    verdict_.calls -= unsent_;
    return std::move(verdict_);
  }

 private:
  bool take(const std::string& line, std::size_t number) {
    std::istringstream words(line);
    std::string what, id;
    words >> what >> id;
    if (number == 1) return what == "born";
    if (what == "call") return take_call(words, stories_[id]);
    if (what == "end") return take_end(words, stories_[id]);
    if (what == "item") return take_item(words, id, stories_[id]);
    if (what != "run") return false;
    ++verdict_.executions;
    ++stories_[id].runs;
    return static_cast<bool>(words);
  }

  bool take_call(std::istringstream& words, Story& story) {
    words >> story.began >> story.limit_ms >> story.kind >> story.items;
    ++story.sent;
    story.caller_killed = killed_;
    return static_cast<bool>(words);
  }

  bool take_end(std::istringstream& words, Story& story) {
    int code = -1;
    int may_have_run = -1;
    words >> story.ended >> code >> may_have_run;
    ++story.ends;
    story.good = code == 0;
    story.may_have_run = may_have_run != 0;
    if (code > 0) ++verdict_.errors[code];
    return static_cast<bool>(words);
  }

  bool take_item(std::istringstream& words, const std::string& id, Story& story) {
    long item = -1;
    if (!(words >> item)) return false;
    ++verdict_.items;
    Story::Taken* mine = nullptr;
    for (auto& each : story.taken) {
      if (each.file == file_) mine = &each;
    }
    if (mine == nullptr) mine = &story.taken.emplace_back(Story::Taken{file_, 0});
    if (item < mine->next) ++verdict_.doubled;
    if (item != mine->next)
      complain(id + ": item " + std::to_string(item) + " came to " + name_ + " where " + std::to_string(mine->next) +
               " was due");
    mine->next = item + 1;
    return true;
  }

  void judge(const std::string& id, const Story& story) {
    ++verdict_.calls;
    const bool ran = story.runs > 0 || (story.kind == "feed" && !story.taken.empty());
    if (story.sent == 0) {
      ++unsent_;
      return complain(id + " was never sent, and yet it is in a ledger");
    }
    if (story.sent > 1) complain(id + " was sent twice under one id");
    if (story.runs > 1) {
      ++verdict_.doubled;
      complain(id + " was executed " + std::to_string(story.runs) + " times");
    }
    if (story.ends == 0) return without_outcome(id, story);
    if (story.ends > 1) {
      ++verdict_.doubled;
      complain(id + " has " + std::to_string(story.ends) + " outcomes");
    }
    judge_time(id, story);
    story.good ? judge_success(id, story, ran) : judge_failure(id, story, ran);
  }

  void without_outcome(const std::string& id, const Story& story) {
    if (story.caller_killed) {
      ++verdict_.excused;
      return;
    }
    ++verdict_.lost;
    complain(id + " (" + story.kind + ") has no outcome");
  }

  void judge_time(const std::string& id, const Story& story) {
    const auto allowed = std::chrono::milliseconds(story.limit_ms) + options_.slack;
    if (story.limit_ms == 0 || std::chrono::nanoseconds(story.ended - story.began) <= allowed) return;
    ++verdict_.overdue;
    complain(id + " ended " + std::to_string((story.ended - story.began) / 1'000'000) + " ms after it was sent, with " +
             std::to_string(story.limit_ms) + " ms to go");
  }

  void judge_success(const std::string& id, const Story& story, bool ran) {
    ++verdict_.succeeded;
    if (!ran && !(story.kind == "feed" && story.items == 0)) {
      ++verdict_.lost;
      complain(id + " (" + story.kind + ") has a result, and nobody executed it");
    }
    if (story.kind == "unary") return;
    if (story.items > 0 && story.taken.empty()) complain(id + " ended well without its items");
    for (const auto& taken : story.taken) {
      if (taken.next != story.items)
        complain(id + " ended well with " + std::to_string(taken.next) + " of " + std::to_string(story.items) +
                 " items");
    }
  }

  void judge_failure(const std::string& id, const Story& story, bool ran) {
    ++verdict_.failed;
    if (story.may_have_run) return;
    ++verdict_.certainly_not_run;
    if (ran) complain(id + " (" + story.kind + ") ended as certainly not run, and was executed");
  }

  void complain(const std::string& what) {
    if (verdict_.broken.size() < kMostComplaints) verdict_.broken.push_back(what);
  }

  const CheckOptions& options_;
  Verdict verdict_;
  std::unordered_map<std::string, Story> stories_;
  std::size_t unsent_ = 0;  // ids that are in a ledger without having been sent
  int file_ = 0;
  std::string name_;
  bool killed_ = false;
};

}  // namespace

std::string Verdict::summary() const {
  std::ostringstream out;
  out << calls << " calls (" << succeeded << " ended well, " << failed << " with an error, " << certainly_not_run
      << " of these certainly not run; " << excused << " of killed callers), " << executions << " executions, " << items
      << " items; lost " << lost << ", doubled " << doubled << ", overdue " << overdue << ", broken promises "
      << broken.size();
  return out.str();
}

Verdict check_ledgers(const std::filesystem::path& folder, const CheckOptions& options) {
  Court court(options);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".ledger") court.read(entry.path());
  }
  return court.judge();
}

}  // namespace daffi::tests
