/** Renders a part of the page with everything that its root gives. */

import { cleanup, type RenderResult, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach } from "vitest";
import { createPreferences } from "../stores/preferences";
import { PreferencesContext } from "../stores/use-preferences";
import { ServicesContext } from "../stores/use-services";
import { ToastProvider } from "../widgets/toast";
import { TooltipProvider } from "../widgets/tooltip";
import { createFakeServices, type FakeServices } from "./fake-services";

// happy-dom lays nothing out; without a height a virtual list shows no row.
Object.defineProperty(HTMLElement.prototype, "clientHeight", { get: () => 600, configurable: true });
Object.defineProperty(HTMLElement.prototype, "clientWidth", { get: () => 800, configurable: true });

afterEach(cleanup);

export function renderPage(content: ReactNode, services: FakeServices = createFakeServices()): RenderResult {
  const preferences = createPreferences(services.storage);
  return render(
    <ServicesContext value={services}>
      <PreferencesContext value={preferences}>
        <TooltipProvider>
          <ToastProvider>{content}</ToastProvider>
        </TooltipProvider>
      </PreferencesContext>
    </ServicesContext>,
  );
}
