/** The page's root: what everything below needs, the frame around all screens, and which screen an address means. */

import { Suspense, useEffect, useState } from "react";
import { Route, Switch } from "wouter";
import { OfAllTenants } from "../features/gateway/of-all-tenants";
import { RunsPage } from "../features/runs/runs-page";
import { createPreferences } from "../stores/preferences";
import type { Services } from "../stores/services";
import { PreferencesContext } from "../stores/use-preferences";
import { ServicesContext } from "../stores/use-services";
import { chunk } from "../widgets/chunk";
import { EmptyState } from "../widgets/empty-state";
import { ErrorBoundary } from "../widgets/error-boundary";
import { ToastProvider } from "../widgets/toast";
import { TooltipProvider } from "../widgets/tooltip";
import { NotFoundPage } from "./not-found-page";
import { Shell } from "./shell/shell";

const loadRun = () => import("../features/run/run-page");
const [RunPage, fetchRunPage] = chunk(() => loadRun().then((module) => module.RunPage));
const [FilePage] = chunk(() => loadRun().then((module) => module.FilePage));
const [HealthPage] = chunk(() =>
  import("../features/health/health-page").then((module) => module.HealthPage),
);
const [DeadLettersPage] = chunk(() =>
  import("../features/dead-letters/dead-letters-page").then((module) => module.DeadLettersPage),
);
const [ComparePage] = chunk(() =>
  import("../features/compare/compare-page").then((module) => module.ComparePage),
);
const [NeedsYouPage] = chunk(() =>
  import("../features/needs-you/needs-you-page").then((module) => module.NeedsYouPage),
);
const [SchemasPage] = chunk(() =>
  import("../features/schemas/schemas-page").then((module) => module.SchemasPage),
);
const [GalleryPage] = chunk(() => import("../gallery/gallery-page").then((module) => module.GalleryPage));

export function App({ services }: { services: Services }) {
  const [preferences] = useState(() => createPreferences(services.storage));
  // What is opened next is a run, mostly.
  useEffect(() => void fetchRunPage(), []);
  return (
    <ErrorBoundary what="The page">
      <ServicesContext value={services}>
        <PreferencesContext value={preferences}>
          <TooltipProvider>
            <ToastProvider>
              <Shell>
                <Screens />
              </Shell>
            </ToastProvider>
          </TooltipProvider>
        </PreferencesContext>
      </ServicesContext>
    </ErrorBoundary>
  );
}

function Screens() {
  return (
    <Suspense fallback={<EmptyState title="Loading…" compact />}>
      <Switch>
        <Route path="/">
          <RunsPage />
        </Route>
        <Route path="/runs/:id">{({ id }) => <RunPage key={id} runId={id} />}</Route>
        <Route path="/file">
          <FilePage />
        </Route>
        <Route path="/health">
          <HealthPage />
        </Route>
        <Route path="/compare">
          <ComparePage />
        </Route>
        <Route path="/needs-you">
          <NeedsYouPage />
        </Route>
        <Route path="/dead-letters">
          <OfAllTenants title="Dead letters">
            <DeadLettersPage />
          </OfAllTenants>
        </Route>
        <Route path="/schemas">
          <OfAllTenants title="Schemas">
            <SchemasPage />
          </OfAllTenants>
        </Route>
        <Route path="/gallery">
          <GalleryPage />
        </Route>
        <Route>
          <NotFoundPage />
        </Route>
      </Switch>
    </Suspense>
  );
}
