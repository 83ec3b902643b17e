/**
 * The HTTP seam for looking after a deployment: dead letters, and the graph structures that runs have declared.
 *
 * Units and errors as in `gateway-api.ts`.
 */

import type { GraphStructure } from "../model/structure-drift";

export const LETTER_REASONS = ["null", "frame", "too_large", "decode", "schema_mismatch"] as const;
export type LetterReason = (typeof LETTER_REASONS)[number];

/** What a letter holds of its record; only a complete one can be sent again. */
export const PAYLOAD_STATES = ["off", "complete", "truncated", "redacted"] as const;
export type PayloadState = (typeof PAYLOAD_STATES)[number];

/** Where the copy of a record is that was sent again. */
export interface Redrive {
  readonly atUs: number;
  readonly partition: number;
  readonly offset: string;
  readonly instance: string;
}

/** What is known of a record that could not be processed. */
export interface DeadLetter {
  /** Where the record is: epoch, partition, offset. */
  readonly id: string;
  readonly topic: string;
  readonly epoch: string;
  readonly partition: number;
  readonly offset: string;
  /** One of LETTER_REASONS, or what a newer gateway may say. */
  readonly reason: string;
  /** Bytes of the record's value. */
  readonly size: number;
  readonly sha256: string;
  /** A few bytes of each end, hexadecimal. */
  readonly head: string;
  readonly tail: string;
  readonly threadId: string;
  readonly tenantId: string;
  readonly producerId: string;
  /** When the log took the record. */
  readonly timestampUs: number;
  /** When the letter was written. */
  readonly atUs: number;
  readonly instance: string;
  readonly payloadState: PayloadState;
  readonly redriven: readonly Redrive[];
}

export interface LettersQuery {
  readonly reason?: LetterReason;
  /** From 1 to 500; 100 when absent. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface LettersAnswer {
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  readonly next: string | null;
  /** Letters of all reasons that the gateway knows. */
  readonly known: number;
}

/** A structure that runs have declared; its id is a digest of nodes and edges. */
export interface ObservedSchema extends GraphStructure {
  readonly graphId: string;
  readonly name: string;
  readonly firstSeenUs: number;
  readonly lastSeenUs: number;
  readonly runs: number;
}

/** Every call rejects with GatewayError; an aborted one with the signal's reason. */
export interface OperationsApi {
  deadLetters(query: LettersQuery, signal: AbortSignal): Promise<LettersAnswer>;
  deadLetter(id: string, signal: AbortSignal): Promise<DeadLetter>;
  /** Append the record's exact bytes to the topic again; refused with 409 unless the letter holds them whole. */
  redrive(id: string, signal: AbortSignal): Promise<Redrive>;
  /** The most recently seen first. */
  schemas(signal: AbortSignal): Promise<readonly ObservedSchema[]>;
}
