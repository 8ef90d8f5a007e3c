/// @file  JSON text to Value: RFC 8259 to the letter, one value, bounded depth.
#include <charconv>

#include "codec/value_keys.hpp"
#include "daffi/error.hpp"

namespace daffi::inline v1 {
namespace {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Value document() {
    if (!is_utf8(text_)) fail("text that is not UTF-8");
    Value result = value();
    blanks();
    if (at_ != text_.size()) fail("more than one value");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw GlobalContextError(ErrorCode::unencodable, "not JSON: " + what + " at character " + std::to_string(at_ + 1));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) fail("an unknown word");
    at_ += expected.size();
  }
  bool digits() {
    std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ != start;
  }

  Value value();
  Value number();
  Value list();
  Value map();
  std::string text();
  void escape(std::string& out);
  unsigned four_digits();

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

Value JsonReader::value() {
  blanks();
  switch (peek()) {
    case 'n':
      word("null");
      return {};
    case 't':
      word("true");
      return true;
    case 'f':
      word("false");
      return false;
    case '"':
      return text();
    case '[':
    case '{': {
      if (depth_ == max_depth) fail("nested too deep");
      ++depth_;
      Value result = peek() == '[' ? list() : map();
      --depth_;
      return result;
    }
    default:
      return number();
  }
}

Value JsonReader::number() {
  std::size_t start = at_;
  take('-');
  if (!take('0') && !digits()) fail(at_ >= text_.size() ? "the end of the text" : "an unknown character");
  bool whole = true;
  if (take('.')) {
    whole = false;
    if (!digits()) fail("a number without digits after its point");
  }
  if (take('e') || take('E')) {
    whole = false;
    if (!take('+')) take('-');
    if (!digits()) fail("a number without digits in its exponent");
  }
  const char* first = text_.data() + start;
  const char* last = text_.data() + at_;
  std::int64_t number;
  std::uint64_t large;
  double real;
  if (whole && std::from_chars(first, last, number).ec == std::errc()) return number;
  if (whole && std::from_chars(first, last, large).ec == std::errc()) return large;
  if (std::from_chars(first, last, real).ec != std::errc()) fail("a number out of range");
  return real;
}

Value JsonReader::list() {
  Value::List items;
  ++at_;
  blanks();
  if (take(']')) return items;
  do {
    items.push_back(value());
    blanks();
  } while (take(','));
  if (!take(']')) fail("a list without ',' or ']'");
  return items;
}

Value JsonReader::map() {
  Value::Map entries;
  ++at_;
  blanks();
  if (take('}')) return entries;
  do {
    blanks();
    if (peek() != '"') fail("an object's key that is no string");
    Value key(text());
    blanks();
    if (!take(':')) fail("a key without ':'");
    entries.emplace_back(std::move(key), value());
    blanks();
  } while (take(','));
  if (!take('}')) fail("an object without ',' or '}'");
  std::size_t twice = codec::find_duplicate_key(entries);
  if (twice != entries.size()) fail("an object with the key '" + *entries[twice].first.text_if() + "' twice");
  return entries;
}

std::string JsonReader::text() {
  std::string out;
  ++at_;
  while (!take('"')) {
    if (at_ >= text_.size()) fail("a string without its end");
    if (static_cast<unsigned char>(peek()) < 0x20) fail("a control character in a string");
    if (take('\\')) {
      escape(out);
    } else {
      out += text_[at_++];
    }
  }
  return out;
}

unsigned JsonReader::four_digits() {
  unsigned code = 0;
  const char* first = text_.data() + at_;
  if (text_.size() - at_ < 4 || std::from_chars(first, first + 4, code, 16).ptr != first + 4)
    fail("a broken \\u escape");
  at_ += 4;
  return code;
}

void JsonReader::escape(std::string& out) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (std::size_t i = letters.find(peek()); at_ < text_.size() && i != std::string_view::npos) {
    out += meanings[i];
    ++at_;
    return;
  }
  if (!take('u')) fail("an unknown escape");
  unsigned code = four_digits();
  if (code >= 0xd800 && code < 0xe000) {
    if (code >= 0xdc00 || !take('\\') || !take('u')) fail("half a surrogate pair");
    unsigned low = four_digits();
    if (low < 0xdc00 || low >= 0xe000) fail("half a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
  }
  auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xc0 | code >> 6);
    add(0x80 | (code & 63));
  } else if (code < 0x10000) {
    add(0xe0 | code >> 12);
    add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  } else {
    add(0xf0 | code >> 18);
    add(0x80 | (code >> 12 & 63));
    add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  }
}

}  // namespace

Value Value::from_json(std::string_view text) { return JsonReader(text).document(); }

}  // namespace daffi::inline v1
