/**
 * Line or word differences of two texts, for reading.
 *
 * Common prefix and suffix are cut first; the middle is compared by the longest common subsequence of its
 * words while the table stays under CELLS, else it is shown as one replacement.
 */
export interface DiffPart {
  kind: "same" | "added" | "removed";
  text: string;
}

const CELLS = 400_000;

export function diffText(before: string, after: string): DiffPart[] {
  const left = words(before);
  const right = words(after);
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  let tail = 0;
  while (
    tail < left.length - head &&
    tail < right.length - head &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  ) {
    tail++;
  }
  const middle = compare(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  return merge([
    { kind: "same", text: left.slice(0, head).join("") },
    ...middle,
    { kind: "same", text: left.slice(left.length - tail).join("") },
  ]);
}

function words(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

function compare(left: string[], right: string[]): DiffPart[] {
  if (left.length * right.length > CELLS || left.length === 0 || right.length === 0) {
    return [
      { kind: "removed", text: left.join("") },
      { kind: "added", text: right.join("") },
    ];
  }
  return walk(left, right, subsequenceLengths(left, right));
}

function subsequenceLengths(left: string[], right: string[]): Uint32Array {
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  return lengths;
}

function walk(left: string[], right: string[], lengths: Uint32Array): DiffPart[] {
  const width = right.length + 1;
  const parts: DiffPart[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      parts.push({ kind: "same", text: left[i] ?? "" });
      i++;
      j++;
    } else if (
      j >= right.length ||
      (i < left.length && (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))
    ) {
      parts.push({ kind: "removed", text: left[i++] ?? "" });
    } else {
      parts.push({ kind: "added", text: right[j++] ?? "" });
    }
  }
  return parts;
}

function merge(parts: DiffPart[]): DiffPart[] {
  const merged: DiffPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.text === "") continue;
    if (last?.kind === part.kind) last.text += part.text;
    else merged.push({ ...part });
  }
  return merged;
}
