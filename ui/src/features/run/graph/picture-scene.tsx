/**
 * A large graph: its picture on one canvas, cards for the few nodes that are near enough to be read, and the marks of
 * pointer, selection and keyboard. The picture stands in wherever a card is not made yet, so that cards are made a few
 * per frame, and only while the camera rests.
 */

import { useStore, useStoreApi, ViewportPortal } from "@xyflow/react";
import { type CSSProperties, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Box } from "../../../stores/layout";
import { paletteOf, useDocumentTheme } from "../palette";
import { nextCards } from "./cards-made";
import { DETAIL_ZOOM } from "./choose-layout";
import { centreOf } from "./geometry";
import { PictureCard } from "./graph-node";
import { NodeCursor } from "./node-cursor";
import { createPicture, type Picture, REST_MS } from "./picture";
import type { Scene, SceneNode } from "./scene";
import { overlap, partFor } from "./sight";
import "./picture-scene.css";

interface PictureSceneProps {
  scene: Scene;
  /** The node under the pointer. */
  pointed: string | null;
}

export function PictureScene({ scene, pointed }: PictureSceneProps) {
  const cards = useCards(scene.nodes);
  return (
    <>
      <PictureCanvas scene={scene} cards={cards} />
      <ViewportPortal>
        {cards.map((item) => (
          <PictureCard key={item.id} item={item} />
        ))}
        <Marks nodes={scene.nodes} pointed={pointed} />
      </ViewportPortal>
    </>
  );
}

interface PictureCanvasProps {
  scene: Scene;
  cards: readonly SceneNode[];
}

const PictureCanvas = memo(function PictureCanvas({ scene, cards }: PictureCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useRef<Picture>(null);
  const store = useStoreApi();
  const theme = useDocumentTheme();
  const covered = useMemo(() => new Set(cards.map(({ id }) => id)), [cards]);
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const made = createPicture(canvas.current);
    picture.current = made;
    const follow = () => {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      made.follow({ viewport: { x, y, zoom }, pane: { width, height } });
    };
    follow();
    const unfollow = store.subscribe((now, before) => {
      if (now.transform !== before.transform || now.width !== before.width || now.height !== before.height)
        follow();
    });
    return () => {
      unfollow();
      made.close();
    };
  }, [store]);
  // Before the frame that first shows the cards, so that no node is missing in it or shines through.
  useLayoutEffect(
    () => picture.current?.show({ scene, covered, palette: paletteOf(theme) }),
    [scene, covered, theme],
  );
  return <canvas ref={canvas} className="graph-picture" />;
});

interface MarksProps {
  nodes: readonly SceneNode[];
  pointed: string | null;
}

/** What is pointed at, selected, and where the keyboard is. */
const Marks = memo(function Marks({ nodes, pointed }: MarksProps) {
  const unit = useStore((state) => unitAt(state.transform[2]));
  const under = nodes.find(({ id }) => id === pointed);
  const selected = nodes.find((item) => item.selected);
  return (
    <div className="graph-marks" style={{ "--unit": `${unit}px` } as CSSProperties}>
      {selected && (
        <div
          className="graph-mark graph-mark--selected"
          style={placeOf(selected.box)}
          data-node-id={selected.id}
        />
      )}
      {under && (
        <div
          className="graph-mark graph-mark--pointed"
          style={placeOf(under.box)}
          data-testid="graph-pointed"
          data-node-id={under.id}
          aria-hidden="true"
        >
          <PointedName item={under} />
        </div>
      )}
      <NodeCursor nodes={nodes} />
    </div>
  );
});

/** The name in full, as the picture cuts it or has no room for it; on the side where the pane has room. */
function PointedName({ item: { node, box } }: { item: SceneNode }) {
  const { transform, width } = useStoreApi().getState();
  const across = (centreOf(box).x * transform[2] + transform[0]) / width;
  const side = across < 1 / 3 ? "left" : across > 2 / 3 ? "right" : "middle";
  return <span className={`graph-mark__name graph-mark__name--${side}`}>{node.name}</span>;
}

const placeOf = ({ x, y, width, height }: Box): CSSProperties => ({ left: x, top: y, width, height });

/** About a pixel of the screen in the graph's, in steps, as each is a new drawing. */
const unitAt = (zoom: number): number => 2 ** (Math.round(Math.log2(1 / zoom) * 4) / 4);

/** The nodes that are cards now. */
function useCards(nodes: readonly SceneNode[]): readonly SceneNode[] {
  const part = useNearPart();
  const wanted = useMemo(
    () => (part ? nodes.filter(({ box, container }) => !container && overlap(box, part)) : NONE),
    [nodes, part],
  );
  const [made, setMade] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const next = nextCards(made, wanted);
    if (next === made) return;
    const frame = requestAnimationFrame(() => setMade(next));
    return () => cancelAnimationFrame(frame);
  }, [made, wanted]);
  return useMemo(() => wanted.filter(({ id }) => made.has(id)), [made, wanted]);
}

const NONE: readonly SceneNode[] = [];

/** The part around the view, once the camera rests near enough for cards; null while it is farther away. */
function useNearPart(): Box | null {
  const store = useStoreApi();
  const [part, setPart] = useState<Box | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = () => {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      if (width * height > 0) setPart((before) => partFor(before, { x, y, zoom }, { width, height }));
    };
    const follow = () => {
      clearTimeout(timer);
      if (store.getState().transform[2] >= DETAIL_ZOOM) timer = setTimeout(settle, REST_MS);
      else setPart(null);
    };
    follow();
    const unfollow = store.subscribe(follow);
    return () => {
      unfollow();
      clearTimeout(timer);
    };
  }, [store]);
  return part;
}
