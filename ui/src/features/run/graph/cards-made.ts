/** Which cards of a large graph exist, when more are wanted than a frame has time to make. */

/** So many cards are made in a frame. */
const PER_FRAME = 24;
/** So many exist at most; the rest stays a picture. */
const MOST = 600;

/** What is made after one more frame; the same object when there is nothing left to make or to drop. */
export function nextCards(
  made: ReadonlySet<string>,
  wanted: readonly { readonly id: string }[],
): ReadonlySet<string> {
  const ids = wanted.slice(0, MOST).map(({ id }) => id);
  const kept = ids.filter((id) => made.has(id));
  const added = ids.filter((id) => !made.has(id)).slice(0, PER_FRAME);
  return added.length === 0 && kept.length === made.size ? made : new Set([...kept, ...added]);
}
