/**
 * A component whose code is a file of its own, fetched when it is shown or ahead of that.
 *
 * A plain lazy component suspends even when its code is here already, and once React has shown a fallback it keeps
 * the content back for 300 ms. One that was fetched ahead is shown at once.
 */

import { type ComponentType, lazy, useState } from "react";

/** The component, and what fetches it ahead: a failure of that is told where the component is shown. */
export function chunk<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): [component: ComponentType<Props>, fetchAhead: () => Promise<void>] {
  let loaded: ComponentType<Props> | null = null;
  const fetched = async () => {
    loaded ??= await load();
    return { default: loaded };
  };
  const Late = lazy(fetched) as ComponentType<Props>;
  // biome-ignore lint/correctness/noComponentHookFactories: callers are modules, so each is defined once
  const Chunk = (props: Props) => {
    const [Shown] = useState(() => loaded ?? Late);
    return <Shown {...props} />;
  };
  return [Chunk, () => fetched().then(nothing, nothing)];
}

const nothing = () => {};
