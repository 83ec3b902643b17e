/** Budgets of the built page, compressed. The first load is what the document itself names, read from it. */

import { readFileSync } from "node:fs";

const PAGE = "../src/dashstream/_page";
const named = [...readFileSync(`${PAGE}/index.html`, "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)];

export default [
  {
    name: "first load: the list of runs",
    path: [`${PAGE}/index.html`, ...named.map((match) => `${PAGE}/${match[1]}`)],
    limit: "200 kB",
    gzip: true,
  },
  { name: "all of the page, with its workers", path: `${PAGE}/**/*`, limit: "900 kB", gzip: true },
];
