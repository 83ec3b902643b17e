import { useState } from "react";
import { SearchField } from "../../../widgets/field";

interface GraphSearchProps {
  value: string;
  onValue: (value: string) => void;
  /** Nodes found, in the graph's order; null without a search. */
  found: readonly string[] | null;
  onShow: (id: string) => void;
}

/** Search for a node; Enter goes from one find to the next. */
export function GraphSearch({ value, onValue, found, onShow }: GraphSearchProps) {
  const [next, setNext] = useState(0);
  const change = (text: string) => {
    setNext(0);
    onValue(text);
  };
  const goOn = () => {
    const id = found?.[next % found.length];
    if (id === undefined) return;
    onShow(id);
    setNext(next + 1);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the search element is not known to every supported browser
    <form
      className="graph-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        goOn();
      }}
    >
      <SearchField label="Find a node" value={value} onValue={change} />
      <span className="pane__figure" role="status">
        {found && (found.length === 0 ? "No such node" : `${found.length} found`)}
      </span>
    </form>
  );
}
