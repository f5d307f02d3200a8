"""What the fuzzing starts from: real files where there are some, and small ones of every format."""

from __future__ import annotations

import os
import struct
from functools import cache
from pathlib import Path

from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import MAX_PROFILE_BYTES, otlp_pb2
from alloclens.profile.formats.compression import unpacked
from google.protobuf import json_format

from tests.bench import generate
from tests.support.profiles import Builder, goroutines, heap

LARGEST_SEED = 1 << 20
"""Bytes, unpacked: mutants of larger ones would be slow for their size alone."""
TAKEN = 1_700_000_000
"""Seconds since 1970; always the same, so that an input can be made again."""
MANGLED = (
    "_ZNSt3mapIiSt6vectorIiSaIiEESt4lessIiESaISt4pairIKiS2_EEEixERS6_",
    "_ZZN1A1fEiENKUlRKT_iE0_clIiEEDaS2_i",
    "_RNvXs_NtC5alloc3vecINtB4_3VecpENtNtC4core5clone5Clone5clone",
)
STACK = "main.f:1@/w/a.go:2 + main.g@/w/a.go:9 < main.main@/w/b.go:3"
MAPS = """
--- Memory map: ---
  00400000-00fcb000: cppbench_server_main
build=/opt/app/v1
  7f35bbe00000-7f35bbe21000: $build/libc-2.15.so (@1000) 8ab3f1d2
7ffdf5cab000-7ffdf5cad000 r-xp 00001000 fd:01 1234 /usr/lib/libpthread-2.15.so
"""
TEXTS = {
    "go heap": """heap profile: 1: 1048576 [3: 3145728] @ heap/1048576
1: 1048576 [3: 3145728] @ 0x46a2b1 0x46a2f1 0x437c13
#\t0x46a2b0\tmain.fill+0x10\t\t/w/main.go:12
#\t0x46a2f0\tmain.main+0x30\t\t/w/main.go:20
#\t0x437c12\truntime.main+0x212\t/usr/go/src/runtime/proc.go:250

# runtime.MemStats
# Alloc = 1165008
# Sys = 10832136
# Stack = 327680 / 327680
# HeapIdle = 2416640
# HeapInuse = 1449984
# NumGC = 2
""",
    "gperftools heap": "heap profile: 2: 96 [10: 960] @ heapprofile\n"
    "  1: 32 [6: 192] @ 0x00401000 0x00402000\n  1: 64 [4: 768] @ 0x7f35bbe00100\n" + MAPS,
    "tcmalloc": "heap profile: 2: 96 [2: 96] @ heap_v2/524288\n 2: 96 [2: 96] @ 0x00401000 0x7f35bbe00100\n" + MAPS,
    "growth": "heap profile: 1: 2097152 [1: 2097152] @ growthz\n1: 2097152 [1: 2097152] @ 0x401000\n" + MAPS,
    "go goroutines": """goroutine profile: total 9
8 @ 0x103b125 0x1035b0d
# labels: {"request":"/login", "user":"7"}
#\t0x103b124\truntime.gopark+0x104\t/usr/go/src/runtime/proc.go:306
#\t0x1035b0c\tmain.wait+0x2c\t\t/w/main.go:11

1 @ 0x10fc2c5
#\t0x10fc2c4\tmain.main+0x44\t/w/main.go:30
""",
    "goroutine dump": """goroutine 1 [running]:
main.main()
\t/w/main.go:30 +0x44

goroutine 22 [chan receive, 5 minutes]:
main.wait(0xc000062120, {0x1, 0x2})
\t/w/main.go:165 +0x2a
created by main.main in goroutine 1
\t/w/main.go:28 +0x3c
""",
    "crash": """2024/01/02 03:04:05 serving
panic: it is full

goroutine 1 gp=0xc000002380 m=0 mp=0x5a6d40 [running, locked to thread]:
main.(*T).f(0x1, {0x2, ...})
\t/w/main.go:30 +0x44 fp=0xc000046fd0 sp=0xc000046f80 pc=0x47e8aa
...23 frames elided...
created by main.main in goroutine 1
\t/w/main.go:28 +0x3c

goroutine 22 [select (no cases), 5 minutes] {a: "b c"}:
main.wait(...)
\t/w/main.go:165

exit status 2
""",
    "threadz": """--- threadz 1 ---

--- Thread 7f794ab90940 (name: main/14748) stack: ---
  PC:  0x00bc8f1c: helper(arg *)
  0x0040be31: main
--- Thread 7f794964e700 (name: thread1/14751) stack: ---
  [same as previous thread]
--- Thread 7f794964e701 (name: thread2/14752) stack: ---
  0x7f35bbe00100 0x0040be31
      creator: 0xa45b96
"""
    + MAPS,
    "symbolized heap": """--- symbol
binary=/opt/app
0x0000000000401000 main--std::map::operator[]--f
0x0000000000401fff g
---
--- heap
heap_v2/524288
  t*: 7: 1112 [0: 0]
@ 0x401000 0x402000
  t*: 7: 112 [9: 300]

MAPPED_LIBRARIES:
00400000-00500000 r-xp 00000000 08:01 12 /opt/app
""",
    "go mutex": "--- mutex:\ncycles/second=1000000000\nsampling period=5\n3000 2 @ 0x46a2b1 0x46a2f1\n"
    "#\t0x46a2b0\tmain.lock+0x10\t/w/main.go:12\n",
    "contentionz": "--- contentionz 1 ---\nsampling period = 100\nms since reset = 16502\ncycles/second = 2000000000\n"
    "discarded samples = 0\n 19490304 27 @ 0x00401000 0x00402000\n" + MAPS,
    "jemalloc": "heap_v2/524288\n  t*: 7: 1112 [0: 0]\n@ 0x401000 0x402000\n  t*: 7: 112 [9: 300]\n  t0: 7: 112 [9: 300]\n"
    "@ 0x7f35bbe00100\n  t*: 1: 1000 [0: 0]\n\nMAPPED_LIBRARIES:\n00400000-00500000 r-xp 00000000 08:01 12 /opt/app\n",
    "java heap": """--- heapz 1 ---
format = java
resolution = bytes
  7048     1 @ 0x00000003 0x00000004
  4752     9 @ 0x0000002b
 0x00000003 com.example.Main.run (Main.java:12)
 0x00000004 libjvm.so (/usr/lib/libjvm.so)
 0x0000002b generated stub/JIT
""",
    "java contention": """--- contentionz 1 ---
format = java
resolution = microseconds
sampling period = 100
ms since reset = 6019923
            1     1 @ 0x00000003
           14     2 @ 0x00000004
 0x00000003 com.example.Main.lock (Main.java:12)
 0x00000004 com.example.Main.wait (Main.java:-1)
""",
}

FOREIGN = {
    "dhat": """{"dhatFileVersion":2,"mode":"heap","verb":"Allocated","bklt":true,"bkacc":true,"tuth":500
,"cmd":"./leak","pid":1118,"te":272855,"tg":173653,"pps":
 [{"tb":100000,"tbk":100,"tl":11375144,"mb":100000,"mbk":100,"gb":90000,"gbk":90,"eb":80000,"ebk":80,"fs":[1,2,3]}
 ,{"tb":500000,"tbk":1,"tl":94559,"mb":500000,"mbk":1,"gb":500000,"gbk":1,"eb":0,"ebk":0,"acc":[-4,7],"fs":[1,4]}]
,"ftbl":
 ["[root]"
 ,"0x48417B4: malloc (in /usr/libexec/valgrind/vgpreload_dhat-amd64-linux.so)"
 ,"0x10916D: std::function<void (int)>::operator()(int) const (std_function.h:5)"
 ,"0x1091FF: leaks::main (rust/src/main.rs:17:9)"
 ,"0x10920E: ??? (???:0:0)"
 ]
}
""",
    "v8": """{"head":{"callFrame":{"functionName":"(root)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},
"selfSize":0,"id":1,"children":[
{"callFrame":{"functionName":"","scriptId":"9","url":"file:///w/dist/app.js","lineNumber":0,"columnNumber":0},
"selfSize":16,"id":2,"children":[
{"callFrame":{"functionName":"keep","scriptId":"9","url":"file:///w/dist/app.js","lineNumber":1,"columnNumber":13},
"selfSize":1048624,"id":3,"children":[]},
{"callFrame":{"functionName":"push","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},
"selfSize":915752,"id":4,"children":[]}]},
{"callFrame":{"functionName":"keep","scriptId":"9","url":"file:///w/dist/app.js","lineNumber":1,"columnNumber":13},
"selfSize":524312,"id":5,"children":[]}]},
"samples":[{"size":524320,"nodeId":3,"ordinal":1},{"size":524304,"nodeId":3,"ordinal":2},{"size":915752,"nodeId":4,"ordinal":3}]}
""",
    "otlp": """{"resourceProfiles":[{"scopeProfiles":[{"profiles":[
{"sampleType":{"typeStrindex":1,"unitStrindex":2},"samples":[{"stackIndex":1,"values":["512","64"]},{"stackIndex":2}],
"timeUnixNano":"1700000000000000000","periodType":{"typeStrindex":3,"unitStrindex":2},"period":"524288"},
{"sampleType":{"typeStrindex":4,"unitStrindex":2},"samples":[{"stackIndex":1,"values":["9000"]}]}]}]}],
"dictionary":{"stringTable":["","inuse_space","bytes","space","alloc_space","main.keep","main.go"],
"functionTable":[{},{"nameStrindex":5,"filenameStrindex":6}],
"locationTable":[{},{"lines":[{"functionIndex":1,"line":"11"},{"functionIndex":1,"line":"7"}]}],
"stackTable":[{},{"locationIndices":[1]},{"locationIndices":[1,1]}]}}
""",
}
"""Formats that are not pprof's, by name."""

LANGUAGES = (b"400000-500000 r-xp 00000000 08:01 12 /opt/app\n", b"\n 0x401000 com.example.Main.run (Main.java:12)\n")
"""What a binary CPU profile ends with: of C++ and others a memory map, of Java the names of the locations."""


@cache
def all_seeds() -> tuple[bytes, ...]:
    """Return all seeds without compression, in an order that does not change."""
    made = (
        heap(f"{STACK} = 2x512", f"{STACK} < main.x@/w/c.go:1 = 3x64/5", build_id="abc", seconds=TAKEN),
        goroutines(f"{STACK} = 7", seconds=TAKEN),
        heap(*(f"{name}@/w/a.cc:1 = 1x8" for name in MANGLED), seconds=TAKEN),
    )
    texts = (text.encode() for text in (*TEXTS.values(), *FOREIGN.values()))
    cpu = (_cpu(order, size, language) for language in range(len(LANGUAGES)) for order in "<>" for size in "IQ")
    otlp = json_format.Parse(FOREIGN["otlp"], otlp_pb2.ProfilesData()).SerializeToString()
    all_ = (*made, otlp, generate.encoded(generate.Shape(200)), labelled(), *texts, *cpu, *real_files())
    return tuple(raw for raw in map(_raw, all_) if raw and len(raw) <= LARGEST_SEED)


def real_files() -> list[bytes]:
    """Return the files of the folder that ALLOCLENS_PROFILES names, if it names one."""
    folder = os.environ.get("ALLOCLENS_PROFILES")
    paths = sorted(p for p in Path(folder).rglob("*") if p.is_file() and p.suffix != ".md") if folder else []
    return [path.read_bytes() for path in paths]


def labelled() -> bytes:
    """Return a profile with everything that the other small ones lack."""
    made = Builder(("samples", "count"), ("cpu", "nanoseconds"))
    made.sample(STACK, [1, 10_000_000], request="/login", bytes=64, pprof__base="true")
    made.sample(STACK, [2, -20_000_000], thread=2**63 - 1)
    made.sample("", [1, 1])
    message = made.message
    message.location[0].id = message.sample[0].location_id[0] = message.sample[1].location_id[0] = 2**63 + 5
    message.mapping.add(id=7, memory_start=0x400000, memory_limit=0x500000, filename=made.text("/opt/app"))
    message.location[1].mapping_id = 7
    message.location[1].address = 0x400100
    message.default_sample_type = message.drop_frames = made.text("cpu")
    message.comment.extend([made.text("é"), 0])
    message.period_type.type = made.text("cpu")
    return made.bytes()


def _cpu(order: str, size: str, language: int) -> bytes:
    words = (0, 3, language, 10_000, 0, 5, 3, 0x401000, 0x402001, 0x403001, 2, 1, 0x401000, 0, 1, 0)
    return struct.pack(f"{order}{len(words)}{size}", *words) + LANGUAGES[language]


def _raw(data: bytes) -> bytes:
    try:
        return unpacked(data, MAX_PROFILE_BYTES)
    except ProfileError:
        return data
