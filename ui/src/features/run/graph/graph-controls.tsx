import { useReactFlow } from "@xyflow/react";
import { Button, IconButton } from "../../../widgets/button";
import { GraphLegend } from "./graph-legend";
import type { Camera } from "./use-camera";

/** Zoom, what the canvas keeps in sight, and what its marks mean. */
export function GraphControls({ camera }: { camera: Camera }) {
  const { zoomIn, zoomOut } = useReactFlow();
  const zoom = (change: () => Promise<boolean>) => () => {
    camera.setMode("free");
    void change();
  };
  return (
    <div className="graph-controls">
      <IconButton icon="minus" label="Zoom out" onClick={zoom(zoomOut)} />
      <IconButton icon="plus" label="Zoom in" onClick={zoom(zoomIn)} />
      <Button
        variant="ghost"
        icon="fit"
        pressed={camera.mode === "all"}
        title="Keep the whole graph in sight"
        onClick={() => camera.setMode("all")}
      >
        Fit all
      </Button>
      <Button
        variant="ghost"
        icon="eye"
        pressed={camera.mode === "follow"}
        title="Keep the nodes at work in sight, at a size that can be read"
        onClick={() => camera.setMode("follow")}
      >
        Follow
      </Button>
      <GraphLegend />
    </div>
  );
}
