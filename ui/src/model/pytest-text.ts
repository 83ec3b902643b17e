/** A value of a run's state as a pytest test that expects it. Pure. */

const TOKENS = /"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g;
const WORDS: Readonly<Record<string, string>> = { true: "True", false: "False", null: "None" };

/** JSON text as a Python literal: strings, numbers and nesting are the same in both. */
export const pythonLiteral = (json: string): string => json.replace(TOKENS, (token) => WORDS[token] ?? token);

export interface ExpectedValue {
  readonly graph: string;
  readonly runId: string;
  readonly step: number;
  /** Keys and list places that lead to the value. */
  readonly path: readonly (string | number)[];
  readonly json: string;
}

/** The test takes the state from a fixture named `state`, which is the reader's own. */
export function pytestText({ graph, runId, step, path, json }: ExpectedValue): string {
  const place = path.map((part) => `[${JSON.stringify(part)}]`).join("");
  const name = ["state", ...path].join("_").replace(/\W+/g, "_");
  return [
    `def test_${name}_after_step_${step}(state):`,
    `    # As recorded in run ${runId} of ${graph || "an unnamed graph"}.`,
    `    assert state${place} == ${pythonLiteral(json).replaceAll("\n", "\n    ")}`,
    "",
  ].join("\n");
}
