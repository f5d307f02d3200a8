// Writes a heap profile after each of twelve rounds of the program that is named, into a directory: by V8's sampler, or by
// @datadog/pprof, which has to be installed.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Session } from "node:inspector/promises";

const [, , program, into, writer] = process.argv;
const { round, warm } = await import(program);
const pprof = writer ? createRequire(`${process.cwd()}/`)(writer) : undefined;
const session = new Session();
session.connect();
warm();
if (pprof) pprof.heap.start(65536, 64);
else await session.post("HeapProfiler.startSampling", { samplingInterval: 65536 });
for (let i = 0; i < 12; i++) {
  round();
  globalThis.gc(); // node --expose-gc
  const name = `${into}/${String(i).padStart(2, "0")}`;
  if (pprof) {
    writeFileSync(`${name}.pb.gz`, await pprof.encode(pprof.heap.profile()));
  } else {
    const { profile } = await session.post("HeapProfiler.getSamplingProfile");
    writeFileSync(`${name}.heapprofile`, JSON.stringify(profile));
  }
}
