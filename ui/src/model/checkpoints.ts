/** Full states from checkpoint records: chunks joined, decompressed within bounds, checksum compared, parsed. */

import { sha256 } from "@noble/hashes/sha2.js";
import { decompressBounded } from "../protocol/codec";
import { type Checkpoint, CompressionType } from "../protocol/gen/dashstream_pb";
import { type JsonValue, parseJson } from "../protocol/json";
import { sameHash } from "../protocol/state-hash";

export type Doubt =
  | "no_checkpoint"
  | "base_mismatch"
  | "hash_mismatch"
  | "patch_failed"
  | "chunk_missing"
  | "checkpoint_damaged"
  | "unverifiable"
  | "not_held";

/** A full state cannot be had from what came. */
export class CheckpointError extends Error {
  constructor(
    readonly doubt: Doubt,
    message: string,
  ) {
    super(message);
    this.name = "CheckpointError";
  }
}

const MAX_STATE_BYTES = 256 * 1024 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Joins the chunks of one checkpoint after another; they come consecutively within a namespace. */
export class CheckpointAssembly {
  #id = "";
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /**
   * The whole state's bytes once its last chunk is here, null before.
   *
   * @throws CheckpointError when a chunk is missing or the whole would be too large; the next one starts afresh.
   */
  add(checkpoint: Checkpoint): Uint8Array | null {
    if (checkpoint.chunkCount <= 1) return checkpoint.state;
    const id = checkpoint.checkpointId.join(",");
    if (checkpoint.chunkIndex === 0) this.#reset(id);
    const fits = this.#bytes + checkpoint.state.length <= MAX_STATE_BYTES;
    if (id !== this.#id || checkpoint.chunkIndex !== this.#chunks.length || !fits) {
      this.#reset("");
      const why = fits ? "a part of the checkpoint is missing" : "the checkpoint is too large for this page";
      throw new CheckpointError("chunk_missing", why);
    }
    this.#chunks.push(checkpoint.state);
    this.#bytes += checkpoint.state.length;
    if (this.#chunks.length < checkpoint.chunkCount) return null;
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.#reset("");
    return whole;
  }

  #reset(id: string): void {
    this.#id = id;
    this.#chunks = [];
    this.#bytes = 0;
  }
}

/**
 * The state in a checkpoint's whole bytes.
 *
 * @throws CheckpointError when it is elsewhere, damaged or not JSON.
 */
export function readState(checkpoint: Checkpoint, whole: Uint8Array): JsonValue {
  if (checkpoint.storageUri !== "") {
    throw new CheckpointError("unverifiable", "the checkpoint's state is stored elsewhere");
  }
  const compression = checkpoint.compressionInfo?.type ?? CompressionType.NONE;
  if (compression !== CompressionType.NONE && compression !== CompressionType.ZSTD) {
    throw new CheckpointError("unverifiable", "the checkpoint's compression is not known to this page");
  }
  if (checkpoint.checksum.length > 0 && !sameHash(sha256(whole), checkpoint.checksum)) {
    throw new CheckpointError("checkpoint_damaged", "the checkpoint's checksum does not fit");
  }
  return parseState(compression === CompressionType.ZSTD ? decompressBounded(whole, MAX_STATE_BYTES) : whole);
}

/** @throws CheckpointError when the bytes are not JSON. */
export function parseState(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(utf8.decode(bytes));
  } catch {
    throw new CheckpointError("checkpoint_damaged", "the state is not JSON");
  }
}
