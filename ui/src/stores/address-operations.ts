/** The addresses of the screens for looking after a deployment. What is not understood is ignored. */

import { LETTER_REASONS, type LetterReason } from "./operations-api";

export interface LettersView {
  readonly reason: LetterReason | null;
  /** Id of the letter that is shown in full. */
  readonly letter: string | null;
}

export function readLettersView(search: string): LettersView {
  const parameters = new URLSearchParams(search);
  const reason = parameters.get("reason");
  return {
    reason: LETTER_REASONS.find((candidate) => candidate === reason) ?? null,
    letter: parameters.get("letter"),
  };
}

export function lettersAddress({ reason, letter }: LettersView): string {
  const parameters = new URLSearchParams();
  if (reason) parameters.set("reason", reason);
  if (letter) parameters.set("letter", letter);
  const text = parameters.toString();
  return `/dead-letters${text ? `?${text}` : ""}`;
}

export interface SchemasView {
  /** Graph id of the structure that is shown; null is the newest. */
  readonly graphId: string | null;
  /** Graph id of what it is compared with; null is the expected one. */
  readonly againstId: string | null;
}

export function readSchemasView(search: string): SchemasView {
  const parameters = new URLSearchParams(search);
  return { graphId: parameters.get("graph"), againstId: parameters.get("against") };
}

export function schemasAddress({ graphId, againstId }: SchemasView): string {
  const parameters = new URLSearchParams();
  if (graphId) parameters.set("graph", graphId);
  if (againstId) parameters.set("against", againstId);
  const text = parameters.toString();
  return `/schemas${text ? `?${text}` : ""}`;
}
