import { Handle, type NodeProps, Position } from "@xyflow/react";
import { createContext, type FocusEvent, Fragment, memo, type ReactNode, useContext } from "react";
import { count, duration, plural } from "../../../model/display";
import type { GraphNode } from "../../../stores/engine";
import { Icon } from "../../../widgets/icon";
import type { GraphFlowNode } from "./flow-elements";
import { wordsOf } from "./names";
import { KIND_ICON, NODE_STATUS, statusText } from "./node-status";
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

/** A node as a button: pressing it explains the node. Subgraphs with nodes inside are frames with a title. */
export const GraphNodeView = memo(function GraphNodeView({ data }: NodeProps<GraphFlowNode>) {
  const { node, container, undeclared, dimmed, selected } = data;
  const { onExplain, onReveal } = useContext(NodeActionsContext);
  const small = node.kind === "start" || node.kind === "end";
  const shape = small ? " graph-node--small" : container ? " graph-node--container" : "";
  const onFocus = (event: FocusEvent) => {
    if (event.currentTarget.matches(":focus-visible")) onReveal(node.id);
  };
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <button
        type="button"
        className={`graph-node${shape}`}
        data-testid="graph-node"
        data-node-id={node.id}
        data-status={node.status}
        data-undeclared={undeclared || undefined}
        data-dimmed={dimmed || undefined}
        data-selected={selected || undefined}
        aria-expanded={selected}
        onClick={() => onExplain(node.id)}
        onFocus={onFocus}
      >
        <span className="visually-hidden">{spoken(node, undeclared)}</span>
        <span className="graph-node__body" aria-hidden="true">
          {small ? <SmallBody node={node} /> : <Body node={node} undeclared={undeclared} />}
        </span>
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
});

function SmallBody({ node }: { node: GraphNode }) {
  return (
    <span className="graph-node__small">
      <Icon name={KIND_ICON[node.kind]} size={10} />
      {node.kind === "start" ? "start" : "end"}
    </span>
  );
}

function Body({ node, undeclared }: { node: GraphNode; undeclared: boolean }) {
  const kind = node.kind === "node" ? null : KIND_ICON[node.kind];
  return (
    <>
      <span className="graph-node__title">
        <span className="graph-node__state">
          <Icon name={NODE_STATUS[node.status].icon} size={13} />
        </span>
        <span className="graph-node__name" title={node.name}>
          {breakable(node.name)}
        </span>
        {node.executions > 1 && <span className="graph-node__times">×{count(node.executions)}</span>}
        {kind && <Icon name={kind} size={12} />}
      </span>
      <span className="graph-node__facts">
        <span className="graph-node__status truncate">{statusText(node)}</span>
        {node.durationUs > 0 && <span className="graph-node__fact">{duration(node.durationUs)}</span>}
        <Marks node={node} />
      </span>
      {undeclared && <span className="graph-node__badge">observed only</span>}
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

function spoken(node: GraphNode, undeclared: boolean): string {
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
