import { Fragment } from "react";
import "./kbd.css";

/** Keys as caps; `keys` is space-separated for a sequence, as in "g r". */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="kbd">
      {keys.split(" ").map((key, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: keys of a sequence may repeat, and have no state
        <Fragment key={index}>
          {index > 0 && " "}
          <kbd className="kbd__key">{key}</kbd>
        </Fragment>
      ))}
    </span>
  );
}
