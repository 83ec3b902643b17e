/** Every widget and every screen in each of its states, from a scripted run: for eyes and for screenshots. */

import { type ReactNode, useEffect } from "react";
import { Link, useSearch } from "wouter";
import { ErrorBoundary } from "../widgets/error-boundary";
import { COMPARE_SCENES } from "./compare-scenes";
import { DEAD_LETTER_SCENES } from "./dead-letter-scenes";
import { HEALTH_SCENES } from "./health-scenes";
import { NEEDS_YOU_SCENES } from "./needs-you-scenes";
import { RUN_SCENES } from "./run-scenes";
import { RUNS_SCENES } from "./runs-scenes";
import { SCHEMA_SCENES } from "./schema-scenes";
import { SHELL_SCENES } from "./shell-scenes";
import { usePressed } from "./use-pressed";
import { WIDGET_SCENES } from "./widget-scenes";
import "./gallery.css";

export interface Scene {
  readonly id: string;
  readonly title: string;
  readonly show: () => ReactNode;
  /** Buttons that are pressed one after the other, each as soon as it is there, by the begin of its name. */
  readonly press?: readonly string[];
}

const GROUPS: readonly (readonly [title: string, scenes: readonly Scene[]])[] = [
  ["Widgets", WIDGET_SCENES],
  ["List of runs", RUNS_SCENES],
  ["Needs you", NEEDS_YOU_SCENES],
  ["Run", RUN_SCENES],
  ["Compare", COMPARE_SCENES],
  ["Health", HEALTH_SCENES],
  ["Dead letters", DEAD_LETTER_SCENES],
  ["Schemas", SCHEMA_SCENES],
  ["Around all screens", SHELL_SCENES],
];

const NONE: readonly string[] = [];

export function GalleryPage() {
  const chosen = new URLSearchParams(useSearch()).get("scene");
  const scenes = GROUPS.flatMap(([, group]) => group);
  const scene = scenes.find(({ id }) => id === chosen) ?? scenes[0];
  usePressed(scene?.press ?? NONE);
  useEffect(() => {
    document.title = "Gallery · DashStream";
  }, []);
  return (
    <div className="gallery">
      <nav className="gallery__nav" aria-label="Scenes">
        {GROUPS.map(([title, group]) => (
          <section key={title}>
            <h2>{title}</h2>
            {group.map(({ id, title: name }) => (
              <Link
                key={id}
                href={`/gallery?scene=${id}`}
                className="gallery__link"
                {...(id === scene?.id ? { "aria-current": "page" as const } : {})}
              >
                {name}
              </Link>
            ))}
          </section>
        ))}
      </nav>
      <div className="gallery__scene" key={scene?.id} data-testid="gallery-scene">
        <ErrorBoundary what="This scene">{scene?.show()}</ErrorBoundary>
      </div>
    </div>
  );
}
