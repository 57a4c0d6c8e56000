#!/usr/bin/env node
// Checks an audit trail (logs/Transfers_audit.jsonl and the files set aside from it) with nothing but Node:
//
//   node scripts/checkAudit.mjs FILE [--expect NUMBER:HASH]...
//
// Every line is a JSON object with its number `seq` and in `prev` the SHA-256 of the bytes of the line before (64 zeros in line 1).
// Full files are called FILE.<number of their last line>; FILE.head remembers the last line. What a killed writer left of a
// line stays in the file; the next line owns up to it in `torn` (number of bytes, SHA-256).
// --expect: a line that must be there, as it stands in the log of anonymizeAndSend and in the reports in transfers_done. Whoever may write the
// trail can write all of it anew; these two lie elsewhere and tell.
//
// Exit code 0: the trail is whole. 1: it is not; the first bad line is named. 2: it cannot be read.
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');

class Bad extends Error {}

/** The files of a trail, oldest first. */
function filesOf(path) {
  const folder = dirname(path);
  const start = `${basename(path)}.`;
  const aside = readdirSync(folder)
    .filter(name => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .sort((a, b) => Number(a.slice(start.length)) - Number(b.slice(start.length)))
    .map(name => join(folder, name));
  return existsSync(path) ? [...aside, path] : aside;
}

/** Pieces between line feeds, each with its place; the last one is empty in a file that ends with a line feed. */
function piecesOf(file) {
  const bytes = readFileSync(file);
  const pieces = [];
  for (let start = 0, number = 1; start <= bytes.length; number++) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed;
    pieces.push({bytes: bytes.subarray(start, end), where: `${file}:${number}`});
    start = end + 1;
  }
  if (pieces.at(-1).bytes.length === 0) pieces.pop();
  return pieces;
}

function recordOf(bytes) {
  try {
    const record = JSON.parse(bytes.toString('utf8'));
    return Number.isSafeInteger(record?.seq) && typeof record.prev === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Map<number, string>} expected hashes by line number */
function check(path, expected) {
  const hashes = new Map();
  let last;
  let torn = [];
  let tornPlaces = 0;
  for (const {bytes, where} of filesOf(path).flatMap(piecesOf)) {
    const record = recordOf(bytes);
    if (record === undefined) {
      torn.push({bytes, where});
      continue;
    }
    const {seq, prev} = record;
    if (torn.length > 0 || record.torn !== undefined) {
      const left = Buffer.concat(
        torn.flatMap((piece, n) => (n === 0 ? [piece.bytes] : [Buffer.from('\n'), piece.bytes])),
      );
      if (record.torn?.bytes !== left.length || record.torn.sha256 !== sha256(left)) {
        throw new Bad(
          `${torn[0]?.where ?? where}: is no line of the trail, and no interrupted one that line ${seq} knows of`,
        );
      }
      torn = [];
      tornPlaces += 1;
    }
    if (last !== undefined && seq !== last.seq + 1) {
      throw new Bad(
        `${where}: line ${seq} follows line ${last.seq}: ${seq > last.seq ? `line ${last.seq + 1} is missing` : 'it does not belong here'}`,
      );
    }
    if (last !== undefined && prev !== last.hash)
      throw new Bad(`${last.where}: line ${last.seq} is not what line ${seq} says it was`);
    if (seq === 1 && prev !== '0'.repeat(64)) throw new Bad(`${where}: line 1 says that there was a line before it`);
    last = {seq, hash: sha256(bytes), where};
    hashes.set(seq, last);
  }
  const first = hashes.keys().next().value ?? 0;
  checkHead(path, last, hashes);
  for (const [seq, hash] of expected) {
    const found = hashes.get(seq);
    if (found === undefined)
      throw new Bad(`line ${seq} is expected, the trail has lines ${first} to ${last?.seq ?? 0}`);
    if (found.hash !== hash) throw new Bad(`${found.where}: line ${seq} is not the one that is expected`);
  }
  // nothing follows that could own up to it: a writer was killed just now, or somebody cut the line
  if (torn.length > 0) console.log(`note: ${torn[0].where}: an interrupted line at the end, the next line will say so`);
  if (first > 1)
    console.log(`note: the trail given begins with line ${first}; what was before is not here to be checked`);
  if (tornPlaces > 0) console.log(`note: ${tornPlaces} times a writer was interrupted in the middle of a line`);
  console.log(`whole: ${hashes.size} lines, ${first} to ${last?.seq ?? 0}, last ${last?.seq ?? 0}:${last?.hash ?? ''}`);
}

/** A head one line behind is what a kill leaves; one ahead means that lines were cut off. */
function checkHead(path, last, hashes) {
  const file = `${path}.head`;
  if (!existsSync(file)) {
    console.log(`note: there is no ${file}: lines missing at the end would not be noticed`);
    return;
  }
  let head;
  try {
    head = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Bad(`${file}: is not readable`);
  }
  if (head.seq > (last?.seq ?? 0)) {
    throw new Bad(`${last?.where ?? path}: line ${(last?.seq ?? 0) + 1} is missing, the last one was ${head.seq}`);
  }
  const found = hashes.get(head.seq);
  if (found === undefined || found.hash !== head.hash)
    throw new Bad(`${found?.where ?? file}: line ${head.seq} is not the one that ${file} remembers`);
}

function main(args) {
  const expected = new Map();
  const files = [];
  for (let n = 0; n < args.length; n++) {
    if (args[n] !== '--expect') files.push(args[n]);
    else {
      const [seq, hash = ''] = (args[++n] ?? '').split(':');
      expected.set(Number(seq), hash);
    }
  }
  if (
    files.length !== 1 ||
    files[0].startsWith('-') ||
    [...expected].some(([seq, hash]) => !(seq > 0) || !/^[0-9a-f]{64}$/.test(hash))
  ) {
    console.error('usage: node checkAudit.mjs FILE [--expect NUMBER:HASH]...');
    return 2;
  }
  try {
    if (filesOf(files[0]).length === 0) throw new Error('there is no such trail');
    check(files[0], expected);
    return 0;
  } catch (error) {
    console.error(error instanceof Bad ? `not whole: ${error.message}` : `${files[0]}: ${error.message}`);
    return error instanceof Bad ? 1 : 2;
  }
}

process.exitCode = main(process.argv.slice(2));
