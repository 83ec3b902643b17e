/** The selected value as a pytest test. */

import { pytestText } from "../../../model/pytest-text";
import type { EngineApi, Moment } from "../../../stores/engine";
import { ancestorsOf } from "./pointers";

export interface PytestInput {
  readonly engine: EngineApi;
  readonly graph: string;
  readonly runId: string;
  readonly moment: Moment;
  readonly step: number;
  readonly ns: string;
  readonly path: string;
}

const LIST_PLACE = /^\d+$/;

/** Rejects when there is no value at the path. */
export async function valueAsPytest(input: PytestInput): Promise<string> {
  const { engine, moment, ns, path } = input;
  const json = await engine.valueAt(moment, ns, path);
  if (json === null) throw new Error("there is no value at this path");
  return pytestText({ ...input, path: await partsOf(input), json });
}

/** A number leads into a list only where its holder is one: objects have such keys too. */
async function partsOf({ engine, moment, ns, path }: PytestInput): Promise<(string | number)[]> {
  if (path === "") return [];
  const holders = ["", ...ancestorsOf(path)];
  const parts = path.slice(1).split("/");
  return Promise.all(
    parts.map(async (part, depth) => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      if (!LIST_PLACE.test(key)) return key;
      const holder = await engine.valueAt(moment, ns, holders[depth] ?? "");
      return holder?.startsWith("[") ? Number(key) : key;
    }),
  );
}
