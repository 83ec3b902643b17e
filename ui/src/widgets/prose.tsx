/** A sentence in which what stands between backticks is code. */
export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place, and no state
    index % 2 === 1 ? <code key={index}>{part}</code> : part,
  );
}
