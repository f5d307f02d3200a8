// Does what gperftools' heap profiler does, as far as tests need it: it counts every allocation by its stack.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <new>

static const int DEPTH = 30, OURS = 2, STACKS = 1 << 12;

struct Stack {
  void *frames[DEPTH];
  int depth;
  long held, held_bytes, all, all_bytes;
};
static Stack stacks[STACKS];

struct alignas(16) Header {
  Stack *stack;
  size_t size;
};

__attribute__((noinline)) static Stack *here() {
  void *frames[DEPTH + OURS];
  int depth = backtrace(frames, DEPTH + OURS) - OURS;
  uintptr_t hash = depth;
  for (int i = 0; i < depth; i++)
    hash = hash * 1000003 ^ (uintptr_t)frames[OURS + i];
  for (;; hash++) {
    Stack *stack = &stacks[hash % STACKS];
    if (!stack->depth) {
      stack->depth = depth;
      memcpy(stack->frames, frames + OURS, depth * sizeof(void *));
    }
    if (stack->depth == depth && !memcmp(stack->frames, frames + OURS, depth * sizeof(void *)))
      return stack;
  }
}

__attribute__((noinline)) void *operator new(size_t size) {
  Header *header = (Header *)malloc(sizeof(Header) + size);
  Stack *stack = header->stack = here();
  header->size = size;
  stack->held++, stack->all++, stack->held_bytes += size, stack->all_bytes += size;
  return header + 1;
}

void operator delete(void *pointer) noexcept {
  if (!pointer)
    return;
  Header *header = (Header *)pointer - 1;
  header->stack->held--, header->stack->held_bytes -= header->size;
  free(header);
}

void operator delete(void *pointer, size_t) noexcept { operator delete(pointer); }

extern "C" void HeapProfilerDump(const char *) {
  static int number;
  char path[100];
  snprintf(path, sizeof path, "profiles/shop.%04d.heap", ++number);
  FILE *out = fopen(path, "w"), *maps = fopen("/proc/self/maps", "r");
  Stack sum = {};
  for (Stack &s : stacks)
    sum.held += s.held, sum.held_bytes += s.held_bytes, sum.all += s.all, sum.all_bytes += s.all_bytes;
  fprintf(out, "heap profile: %6ld: %8ld [%6ld: %8ld] @ heapprofile\n", sum.held, sum.held_bytes, sum.all, sum.all_bytes);
  for (Stack &s : stacks) {
    if (!s.depth)
      continue;
    fprintf(out, "%6ld: %8ld [%6ld: %8ld] @", s.held, s.held_bytes, s.all, s.all_bytes);
    for (int i = 0; i < s.depth; i++)
      fprintf(out, " 0x%016lx", (unsigned long)s.frames[i]);
    fputc('\n', out);
  }
  fputs("\nMAPPED_LIBRARIES:\n", out);
  for (int c; (c = fgetc(maps)) != EOF;)
    fputc(c, out);
  fclose(maps);
  fclose(out);
}
