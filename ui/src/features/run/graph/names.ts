/** Names of nodes: where they break, and how much room they take. */

/** The parts of a name between which it may go on in the next line. */
export const wordsOf = (name: string): readonly string[] => name.split(/(?<=[_\-.:/ ])(?=.)/);

const SIZE_PX = 12;
/** Where texts cannot be measured, as in tests. */
const CHARACTER_PX = 7.2;

let ruler: CanvasRenderingContext2D | null | undefined;

/** Width in pixels of a name as cards write it. */
export function nameWidth(name: string): number {
  ruler ??= createRuler();
  return ruler ? ruler.measureText(name).width : name.length * CHARACTER_PX;
}

function createRuler(): CanvasRenderingContext2D | null {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return null;
  const style = getComputedStyle(document.documentElement);
  const weight = style.getPropertyValue("--weight-bold").trim() || "600";
  const family = style.getPropertyValue("--font-sans").trim() || "sans-serif";
  context.font = `${weight} ${SIZE_PX}px ${family}`;
  return context;
}
