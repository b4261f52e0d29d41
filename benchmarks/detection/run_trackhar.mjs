// The battery through TrackHAR (npm package `trackhar`, CC0-1.0), the way its README shows: `process(har, {indicatorValues})`.
//
//   pia bench detection --keep /tmp/battery
//   mitmdump -nr /tmp/battery/flows.mitm --set hardump=/tmp/battery.har
//   npm install --prefix /tmp/trackhar trackhar@1.0.0
//   NODE_PATH=/tmp/trackhar/node_modules node benchmarks/detection/run_trackhar.mjs /tmp/battery /tmp/battery.har
//
// Prints one JSON object: per class of the battery the requests, labels, labels found (the kind of data was reported for that
// request, wherever and however) and kinds reported without a label. No network is used.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder, harFile] = process.argv.slice(2);
const { process: processHar } = createRequire(import.meta.url)('trackhar');

const read = (name) => readFileSync(`${folder}/${name}`, 'utf8');
const labels = read('labels.jsonl').trim().split('\n').map((line) => JSON.parse(line));
const har = JSON.parse(readFileSync(harFile, 'utf8'));
if (har.log.entries.length !== labels.length) throw new Error('the HAR does not hold every request of the battery');

const texts = (value) => {
    if (typeof value === 'string') return [value];
    if ('lat' in value) return [String(value.lat), String(value.lon)];
    if ('packages' in value) return value.packages;
    return [value.name, ...value.phones, ...value.emails];
};
const indicatorValues = {};
for (const { id, value } of JSON.parse(read('identifiers.json')).identifiers)
    (indicatorValues[id] ??= []).push(...texts(value));

const results = await processHar(har, { indicatorValues });
const groups = {};
labels.forEach(({ group, expected }, index) => {
    const kinds = new Set((results[index] ?? []).map(({ property }) => property));
    const count = (groups[group] ??= { cases: 0, expected: 0, found: 0, invented: 0 });
    count.cases += 1;
    count.expected += expected.length;
    count.found += expected.filter(({ data }) => kinds.has(data)).length;
    count.invented += [...kinds].filter((kind) => !expected.some(({ data }) => data === kind)).length;
});
console.log(JSON.stringify(groups, null, 2));
