import type { ReactNode } from "react";
import { NotFoundPage } from "../app/not-found-page";
import { CommandPalette } from "../app/shell/command-palette";
import { DropHint } from "../app/shell/drop-target";
import { ShortcutSheet } from "../app/shell/shortcut-sheet";
import { OfAllTenants } from "../features/gateway/of-all-tenants";
import { FilePage } from "../features/run/run-page";
import { ServicesContext } from "../stores/use-services";
import { createFakeApi, createFakeServices } from "../testing/fake-services";
import type { Scene } from "./gallery-page";
import { RUNS_SCENES } from "./runs-scenes";

function boundServices() {
  const api = createFakeApi();
  api.accessAnswer = { name: "reader", role: "viewer", tenants: ["acme", "globex"] };
  return createFakeServices({ api });
}

const nothing = () => undefined;

const above = (dialog: ReactNode) => (
  <>
    {RUNS_SCENES[0]?.show()}
    {dialog}
  </>
);

export const SHELL_SCENES: readonly Scene[] = [
  { id: "shell-palette", title: "Go to, or do", show: () => above(<CommandPalette onClose={nothing} />) },
  { id: "shell-shortcuts", title: "Shortcuts", show: () => above(<ShortcutSheet open onClose={nothing} />) },
  { id: "shell-drop", title: "A file above the page", show: () => <DropHint /> },
  { id: "shell-no-file", title: "No file is open", show: () => <FilePage /> },
  { id: "shell-not-found", title: "No such page", show: () => <NotFoundPage /> },
  {
    id: "shell-not-for-this-token",
    title: "Not for this token",
    show: () => (
      <ServicesContext value={boundServices()}>
        <OfAllTenants title="Dead letters">Not shown.</OfAllTenants>
      </ServicesContext>
    ),
  },
];
