// A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <vector>

extern "C" void HeapProfilerDump(const char *reason) __attribute__((weak));
extern "C" int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));

struct Session {
  std::vector<char> body;
};

static std::map<int, Session> sessions;
static std::vector<std::string> audit;
static std::deque<std::vector<char>> recent;

void login(int id) {
  sessions[id].body.resize(4096); // leaks a session
}

void record(int id) {
  audit.push_back(std::string(3000, 'a' + id % 26)); // leaks a record
}

void look() {
  recent.emplace_back(4096); // keeps pages
  if (recent.size() > 4000)
    recent.pop_front();
}

static void dump() {
  if (HeapProfilerDump)
    HeapProfilerDump("round");
  if (mallctl)
    mallctl("prof.dump", nullptr, nullptr, nullptr, 0);
}

int main() {
  for (int i = 0; i < 100000; i++)
    look();
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 1000; i++) {
      login(round * 1000 + i);
      record(i);
      for (int j = 0; j < 5; j++)
        look();
    }
    dump();
  }
  sessions.clear(); // before the dump at the exit
  audit.clear();
  recent.clear();
}
