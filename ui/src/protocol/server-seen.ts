/** What a gateway said of itself when it welcomed this client. */

import type { Welcome } from "./control";

export interface ServerSeen {
  readonly serverVersion: string | null;
  readonly instance: string | null;
  readonly serverSchemaVersion: number | null;
  /** The largest record that the gateway lets in. */
  readonly maxRecordBytes: number | null;
}

export const NO_SERVER: ServerSeen = {
  serverVersion: null,
  instance: null,
  serverSchemaVersion: null,
  maxRecordBytes: null,
};

export function serverSeenIn({ server, schemaVersion, limits }: Welcome): ServerSeen {
  return {
    serverVersion: server.version,
    instance: server.instance,
    serverSchemaVersion: schemaVersion,
    maxRecordBytes: limits.max_record_bytes,
  };
}
