// Writes the samples of V8's heap profiler twice: as V8 gives them, and as @datadog/pprof reads them, summed by function.
const fs = require("node:fs");
const { Session } = require("node:inspector");
const { heap } = require("@datadog/pprof");

const kept = [];

function keepNumbers() {
  kept.push(new Array(20000).fill(Math.random()));
}

function keepObjects() {
  for (let i = 0; i < 200; i++) kept.push({ number: i, list: [i, i, i, i] });
}

heap.start(16384, 64);
for (let i = 0; i < 300; i++) {
  keepNumbers();
  keepObjects();
}
gc();

const sums = {};
function add(node) {
  for (const { sizeBytes, count } of node.allocations) sums[node.name] = (sums[node.name] ?? 0) + sizeBytes * count;
  node.children.forEach(add);
}
add(heap.v8Profile());

const session = new Session();
session.connect();
session.post("HeapProfiler.getSamplingProfile", (error, { profile }) => {
  if (error) throw error;
  fs.writeFileSync("v8.heapprofile", JSON.stringify(profile));
});
fs.writeFileSync("datadog.json", JSON.stringify(sums));
