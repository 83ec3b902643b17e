/** Opens a `.dsrun` file that is dropped anywhere on the page. */

import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useServices } from "../../stores/use-services";
import { Icon } from "../../widgets/icon";
import { useNotify } from "../../widgets/toast";

export function DropTarget() {
  const { engine } = useServices();
  const [, navigate] = useLocation();
  const notify = useNotify();
  const [hovering, setHovering] = useState(false);

  useEffect(() => {
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onDragOver = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setHovering(true);
    };
    const onDragLeave = (event: DragEvent) => event.relatedTarget === null && setHovering(false);
    const onDrop = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setHovering(false);
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      void file
        .arrayBuffer()
        .then((bytes) => engine.openFile(file.name, bytes))
        .then(
          () => navigate("/file"),
          (error: unknown) => notify(error instanceof Error ? error.message : String(error), "alert"),
        );
    };
    window.addEventListener("dragover", onDragOver);
    window.addEventListener("dragleave", onDragLeave);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragover", onDragOver);
      window.removeEventListener("dragleave", onDragLeave);
      window.removeEventListener("drop", onDrop);
    };
  }, [engine, navigate, notify]);

  return hovering ? <DropHint /> : null;
}

export function DropHint() {
  return (
    <div className="drop-target">
      <div className="drop-target__card">
        <Icon name="upload" size={22} />
        <strong>Drop a .dsrun file to open it</strong>
        <span className="muted">It is read in this browser and sent nowhere.</span>
      </div>
    </div>
  );
}
