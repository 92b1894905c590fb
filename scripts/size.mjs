#!/usr/bin/env node
// Says how large a function's binary is, and how large zipped, which is what Lambda loads:
//
//   node scripts/size.mjs FILE MEMORY
//
// More than 15 MB zipped end it with status 1. MEMORY is a file in which the answer for a binary
// is remembered: zipping takes a second.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

const limit = 15e6;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

const [file, memory] = process.argv.slice(2);
const binary = readFileSync(file);
const digest = createHash('sha256').update(binary).digest('hex');
const known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : {};
const zipped = known.digest === digest ? known.zipped : deflateRawSync(binary).length;
writeFileSync(memory, JSON.stringify({ digest, zipped }));
console.log(`    ${file} has ${megabytes(binary.length)}, zipped ${megabytes(zipped)} of at most ${megabytes(limit)}`);
if (zipped > limit) {
  console.error('too large: see what it links with `go list -deps ./functions/bootstrap`');
  process.exitCode = 1;
}
