import { createContext, type FocusEvent, Fragment, memo, type ReactNode, useContext } from "react";
import { count, duration, plural } from "../../../model/display";
import type { GraphNode } from "../../../stores/engine";
import { Icon } from "../../../widgets/icon";
import type { Detail } from "./detail";
import { wordsOf } from "./names";
import { KIND_ICON, NODE_STATUS, statusText } from "./node-status";
import type { SceneNode } from "./scene";
import "./graph-node.css";

interface NodeActions {
  onExplain: (id: string) => void;
  /** Bring a node into sight that the keyboard has reached. */
  onReveal: (id: string) => void;
}

export const NodeActionsContext = createContext<NodeActions>({
  onExplain: () => undefined,
  onReveal: () => undefined,
});

interface GraphNodeProps {
  item: SceneNode;
  level: Detail["level"];
}

/**
 * A node as a button: pressing it explains the node. Subgraphs with nodes inside are frames with a title. Only near
 * nodes have a text for who listens beside the text that is seen: cutting it off from sight costs a far view dearly.
 */
export const GraphNodeView = memo(function GraphNodeView({ item, level }: GraphNodeProps) {
  const { node, box, container, undeclared, dimmed, selected } = item;
  const { onExplain, onReveal } = useContext(NodeActionsContext);
  const small = isSmall(node);
  const shape = small ? " graph-node--small" : container ? " graph-node--container" : "";
  const onFocus = (event: FocusEvent) => {
    if (event.currentTarget.matches(":focus-visible")) onReveal(node.id);
  };
  const spoken = wordsFor(item);
  return (
    <button
      type="button"
      className={`graph-node graph-node--${level}${shape}`}
      style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
      data-testid="graph-node"
      data-node-id={node.id}
      data-status={node.status}
      data-undeclared={undeclared || undefined}
      data-dimmed={dimmed || undefined}
      data-selected={selected || undefined}
      aria-expanded={selected}
      onClick={() => onExplain(node.id)}
      onFocus={onFocus}
      {...(level === "near" ? {} : { "aria-label": spoken })}
      {...(level === "specks" ? { title: node.name } : {})}
    >
      {level === "near" && <span className="visually-hidden">{spoken}</span>}
      {level !== "specks" && (
        <span className="graph-node__body" aria-hidden="true">
          {small ? (
            <SmallBody node={node} />
          ) : (
            <Body node={node} undeclared={undeclared} near={level === "near"} />
          )}
        </span>
      )}
    </button>
  );
});

/** A near node of a large graph: a card to look at, as pointer and keyboard have other ways to its node. */
export const PictureCard = memo(function PictureCard({ item }: { item: SceneNode }) {
  const { node, box, undeclared, dimmed } = item;
  const small = isSmall(node);
  return (
    <div
      className={`graph-node graph-node--near graph-node--pictured${small ? " graph-node--small" : ""}`}
      style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
      data-testid="graph-card"
      data-node-id={node.id}
      data-status={node.status}
      data-undeclared={undeclared || undefined}
      data-dimmed={dimmed || undefined}
      aria-hidden="true"
    >
      {small ? <SmallBody node={node} /> : <Body node={node} undeclared={undeclared} near />}
    </div>
  );
});

const isSmall = ({ kind }: GraphNode): boolean => kind === "start" || kind === "end";

function SmallBody({ node }: { node: GraphNode }) {
  return (
    <span className="graph-node__small">
      <Icon name={KIND_ICON[node.kind]} size={10} />
      {node.kind === "start" ? "start" : "end"}
    </span>
  );
}

function Body({ node, undeclared, near }: { node: GraphNode; undeclared: boolean; near: boolean }) {
  const kind = near && node.kind !== "node" ? KIND_ICON[node.kind] : null;
  return (
    <>
      <span className="graph-node__title">
        <span className="graph-node__state">
          <Icon name={NODE_STATUS[node.status].icon} size={13} />
        </span>
        <span className="graph-node__name" title={node.name}>
          {breakable(node.name)}
        </span>
        {near && node.executions > 1 && <span className="graph-node__times">×{count(node.executions)}</span>}
        {kind && <Icon name={kind} size={12} />}
      </span>
      {near && (
        <span className="graph-node__facts">
          <span className="graph-node__status truncate">{statusText(node)}</span>
          {node.durationUs > 0 && <span className="graph-node__fact">{duration(node.durationUs)}</span>}
          <Marks node={node} />
        </span>
      )}
      {near && undeclared && <span className="graph-node__badge">observed only</span>}
    </>
  );
}

/** A name that takes two lines breaks between its words. */
function breakable(name: string): ReactNode {
  return wordsOf(name).map((word, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: words of one name never change their places
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {word}
    </Fragment>
  ));
}

function Marks({ node }: { node: GraphNode }) {
  return (
    <span className="graph-node__marks">
      {node.retries > 0 && (
        <span
          className="graph-node__mark graph-node__mark--retry"
          title={plural(node.retries, "retry", "retries")}
        >
          <Icon name="loop" size={10} />
          {node.retries}
        </span>
      )}
      {node.cached > 0 && (
        <span className="graph-node__mark" title={`${plural(node.cached, "visit")} answered from the cache`}>
          <Icon name="lock" size={10} />
          {node.cached}
        </span>
      )}
      {node.llmCalls > 0 && (
        <span className="graph-node__mark graph-node__mark--llm" title={plural(node.llmCalls, "LLM call")}>
          <Icon name="spark" size={10} />
          {node.llmCalls}
        </span>
      )}
      {node.toolCalls > 0 && (
        <span className="graph-node__mark graph-node__mark--tool" title={plural(node.toolCalls, "tool call")}>
          <Icon name="wrench" size={10} />
          {node.toolCalls}
        </span>
      )}
    </span>
  );
}

/** All that a card shows, in words. */
export function wordsFor({ node, undeclared }: SceneNode): string {
  const parts = [
    `${node.name}: ${statusText(node)}`,
    node.executions > 0 ? plural(node.executions, "visit") : null,
    node.retries > 0 ? plural(node.retries, "retry", "retries") : null,
    node.cached > 0 ? `${node.cached} cached` : null,
    node.llmCalls > 0 ? plural(node.llmCalls, "LLM call") : null,
    node.toolCalls > 0 ? plural(node.toolCalls, "tool call") : null,
    undeclared ? "observed only" : null,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
