/**
 * The layout seam: where the boxes and lines of a graph go.
 *
 * A layouter may take its time and may fail; whoever draws has a simple layout to fall back on.
 */

import { createContext } from "react";

export interface LayoutNode {
  readonly id: string;
  /** Enclosing node; null at the root. */
  readonly parent: string | null;
  /** Size in pixels; of a node that others lie in, the least size. */
  readonly width: number;
  readonly height: number;
  /** Whether the graph begins or ends here. */
  readonly place: "first" | "last" | null;
}

export interface LayoutEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** Room for the label in pixels; 0 without one. */
  readonly labelWidth: number;
}

export interface LayoutInput {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A line through points, and where its label's middle lies. */
export interface Route {
  readonly points: readonly Point[];
  readonly label: Point | null;
}

/** All coordinates have one origin, also those inside of containers. */
export interface GraphLayout {
  /** By node. */
  readonly boxes: ReadonlyMap<string, Box>;
  /** By edge; an edge without a route is drawn as a plain curve. */
  readonly routes: ReadonlyMap<string, Route>;
}

/** Ways to lay the same graph out, for panes of different shapes; at least one, the plainest first. */
export type LayoutChoices = readonly [GraphLayout, ...GraphLayout[]];

export interface Layouter {
  /**
   * The same input gives the same choices, unless the deadline cuts them short. Rejects when there is none before
   * the layouter's deadline. Safe to call again at once.
   */
  layout(input: LayoutInput): Promise<LayoutChoices>;
}

/** The page's layouter; null where there is none, as in tests. */
export const LayouterContext = createContext<Layouter | null>(null);
