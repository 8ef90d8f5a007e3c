/// @file  Reader: how an error is kept, told, and in a trial forgotten.
#include <memory>
#include <utility>

#include "codec/problem.hpp"

namespace daffi::inline v1 {

Reader::Reader(Reader&& other) noexcept
    : at_(other.at_),
      end_(other.end_),
      begin_(other.begin_),
      trials_left_(other.trials_left_),
      depth_(other.depth_),
      failed_(other.failed_),
      quiet_(other.quiet_),
      exact_(other.exact_),
      problem_(std::exchange(other.problem_, nullptr)),
      body_(std::exchange(other.body_, nullptr)),
      joined_(std::exchange(other.joined_, nullptr)) {}

Reader& Reader::operator=(Reader&& other) noexcept {
  if (this == &other) return *this;
  if (problem_ != nullptr) forget();
  delete joined_;
  return *std::construct_at(this, std::move(other));
}

void Reader::forget() noexcept { delete std::exchange(problem_, nullptr); }

std::string Reader::error() const {
  if (!failed_ || problem_ == nullptr) return {};
  std::string_view path = problem_->path;
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) return problem_->what;
  return std::string(path) + ": " + problem_->what;
}

bool Reader::malformed() const { return problem_ != nullptr && problem_->malformed; }

// Everything after the first error must find nothing left to read.
bool Reader::record(std::string_view what, bool malformed) {
  if (failed_) return false;
  failed_ = true;
  at_ = end_;
  if (!quiet_) problem_ = new Problem{std::string(what), {}, malformed};
  return false;
}

bool Reader::fail(std::string_view what) { return record(what, false); }

bool Reader::fail_malformed(std::string_view what) { return record(what, true); }

bool Reader::short_of_data() { return record("unexpected end of data", true); }

bool Reader::fail_expected(std::string_view what) {
  if (failed_ || quiet_) return record({}, false);
  Kind got = peek();
  if (got == Kind::end) return short_of_data();
  return record("expected " + std::string(what) + ", got " + std::string(kind_name(got)), got == Kind::invalid);
}

bool Reader::fail_range(std::int64_t value, std::string_view type) {
  if (failed_ || quiet_) return record({}, false);
  return record(std::to_string(value) + " is out of range for " + std::string(type), false);
}

bool Reader::fail_count(std::size_t expected, std::size_t got) {
  if (failed_ || quiet_) return record({}, false);
  return fail("expected a list of " + std::to_string(expected) + ", got one of " + std::to_string(got));
}

bool Reader::inside_of(std::string_view words) {
  if (problem_ != nullptr) problem_->path.insert(0, words);
  return false;
}

bool Reader::inside(std::size_t index) {
  if (problem_ == nullptr) return false;
  return inside_of("[" + std::to_string(index) + "]");
}

bool Reader::inside_field(std::string_view name) {
  if (problem_ == nullptr) return false;
  return inside_of("." + std::string(name));
}

bool Reader::inside_key(std::string_view key) {
  if (problem_ == nullptr) return false;
  constexpr std::size_t shown = 60;
  return inside_of("['" + std::string(key.substr(0, shown)) + (key.size() > shown ? "…']" : "']"));
}

Reader::Trial::Trial(Reader& reader) noexcept
    : reader_(reader), start_(reader.at_), depth_(reader.depth_), quiet_(reader.quiet_), exact_(reader.exact_) {
  reader_.quiet_ = true;
  reader_.exact_ = true;
}

Reader::Trial::~Trial() {
  reader_.quiet_ = quiet_;
  reader_.exact_ = exact_;
}

bool Reader::Trial::again() {
  if (ended_ || reader_.trials_left_ == 0) return false;
  --reader_.trials_left_;
  reader_.failed_ = false;
  reader_.at_ = start_;
  reader_.depth_ = depth_;
  return true;
}

bool Reader::Trial::loosen() {
  reader_.exact_ = exact_;
  return !exact_;
}

bool Reader::Trial::accept() {
  ended_ = true;
  return true;
}

bool Reader::Trial::refuse(std::string_view expected) {
  ended_ = true;
  reader_.failed_ = false;
  reader_.at_ = start_;
  reader_.quiet_ = quiet_;
  return reader_.fail_expected(expected);
}

}  // namespace daffi::inline v1
