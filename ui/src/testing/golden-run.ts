/** The shared golden runs as records: what the SDK encodes of a graph with a loop, a subgraph, retries and a pause. */

import vectors from "../../../vectors/run/runs.json";
import type { LogRecord } from "../model/run";

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export const GOLDEN_RECORDS: readonly LogRecord[] = vectors.records.map((base64, index) => ({
  partition: vectors.partition,
  offset: BigInt(index),
  value: bytesOf(base64),
}));

/** The same records as a `.dsrun` file. */
export const GOLDEN_FILE = bytesOf(vectors.file);

export const GOLDEN_RUNS = vectors.runs;
