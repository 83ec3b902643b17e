/** The page's entry: makes the services and shows the page. */

import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { createServices } from "./services/create";
import { createElkLayouter } from "./services/layout";
import { LayouterContext } from "./stores/layout";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <LayouterContext value={createElkLayouter()}>
      <App services={createServices(location)} />
    </LayouterContext>,
  );
}
