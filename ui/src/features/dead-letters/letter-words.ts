/** What a dead letter means, for people: the reason, what mends it, and whether its record can be sent again. */

import type { DeadLetter, PayloadState } from "../../stores/operations-api";
import type { Tone } from "../../widgets/chip";

interface Reason {
  readonly label: string;
  readonly cause: string;
  readonly remedy: string;
}

const REASONS: Readonly<Record<string, Reason>> = {
  null: {
    label: "No payload",
    cause: "The record has a key and no value.",
    remedy: "Something other than DashStream writes to this topic. Give the telemetry a topic of its own.",
  },
  frame: {
    label: "Wrong frame",
    cause: "The bytes around the record are not those of DashStream, or were damaged.",
    remedy: "Look for another program that writes to this topic, or for a producer that was cut off.",
  },
  too_large: {
    label: "Too large",
    cause: "The record is larger than this gateway allows.",
    remedy: "Raise `DASHSTREAM_INGEST_MAX_RECORD_BYTES`, then send it again.",
  },
  decode: {
    label: "Not decodable",
    cause: "The frame is right, but the record within it does not decode.",
    remedy: "Find the producer by the thread below; update it if it is older or newer than this gateway.",
  },
  schema_mismatch: {
    label: "Other schema version",
    cause: "A producer of another version wrote the record.",
    remedy: "Update this gateway, then send it again.",
  },
};

/** The words for a reason; one that this page does not know is shown as it is. */
export function reasonWords(reason: string): Reason {
  return (
    REASONS[reason] ?? {
      label: reason,
      cause: "A newer gateway gave this reason.",
      remedy: "Update this page's gateway to know more.",
    }
  );
}

const HINDRANCES: Readonly<Record<PayloadState, string | null>> = {
  complete: null,
  off: "Payloads are not kept. With `DASHSTREAM_DEAD_LETTERS_PAYLOAD=1` the gateway keeps those of new letters.",
  truncated:
    "The record was too large to be kept whole. The setting is `DASHSTREAM_DEAD_LETTERS_MAX_PAYLOAD_BYTES`.",
  redacted: "The record held what looks like a credential, so its bytes were not kept.",
};

/** Why the record cannot be sent again; null when it can. */
export function hindrance({ reason, payloadState }: DeadLetter): string | null {
  return reason === "null"
    ? "There is nothing to send: the record has no payload."
    : HINDRANCES[payloadState];
}

/** What became of the letter, as a chip. */
export function letterState(letter: DeadLetter): readonly [tone: Tone, label: string] {
  if (letter.redriven.length > 0) return ["ok", "Sent again"];
  return hindrance(letter) === null ? ["accent", "Can be sent again"] : ["neutral", "Kept"];
}
