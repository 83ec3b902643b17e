/** Names as a canvas writes them: in lines that fit, cut where nothing else helps. */

import { wordsOf } from "./names";

/** Width in pixels of a text. */
export type Measure = (text: string) => number;

const CUT = "…";

/** At most `most` lines, none wider than `width`; empty when not even one letter fits. */
export function linesOf(name: string, width: number, most: number, measure: Measure): readonly string[] {
  const lines: string[] = [];
  let rest = name;
  while (rest !== "" && lines.length < most) {
    const isLast = lines.length === most - 1;
    const line = isLast ? shortened(rest, width, measure) : lineOf(rest, width, measure);
    if (line === "") break;
    lines.push(line);
    rest = isLast ? "" : rest.slice(line.length);
  }
  return lines;
}

/** As many words as fit; of a word that is too long, as many letters. */
function lineOf(text: string, width: number, measure: Measure): string {
  let line = "";
  for (const word of wordsOf(text)) {
    if (measure(line + word) > width) return line === "" ? beginOf(word, width, measure) : line;
    line += word;
  }
  return line;
}

/** Cut in the middle, as names of many nodes differ at their ends. */
function shortened(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) return text;
  const room = width - measure(CUT);
  const letters = [...text];
  const end = letters.slice(letters.length - [...beginOf(text, room / 2, measure)].length).join("");
  const begin = beginOf(text, room - measure(end), measure);
  return begin === "" ? "" : begin + CUT + end;
}

/** The longest beginning that fits. */
function beginOf(text: string, width: number, measure: Measure): string {
  const letters = [...text];
  let [fits, tooLong] = [0, letters.length + 1];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (measure(letters.slice(0, middle).join("")) <= width) fits = middle;
    else tooLong = middle;
  }
  return letters.slice(0, fits).join("");
}
