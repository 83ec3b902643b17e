import { type ReactNode, useEffect, useRef } from "react";
import { count, duration, fullInstant, plural } from "../../../model/display";
import type { GraphEdge, GraphNode, GraphView } from "../../../stores/engine";
import { IconButton } from "../../../widgets/button";
import { Chip } from "../../../widgets/chip";
import { CodeBlock } from "../../../widgets/code-block";
import { Fact } from "../../../widgets/field";
import { Icon } from "../../../widgets/icon";
import { BoundedText, prettyJson } from "../bounded-text";
import { isUndeclared, KIND_ICON, NODE_STATUS, statusText } from "./node-status";

interface ExplainCardProps {
  node: GraphNode;
  view: GraphView;
  edgesObserved: boolean;
  /** JSON texts of what the node waits for. */
  questions: readonly string[];
  onShow: (id: string) => void;
  onClose: () => void;
}

/** One node in words: how it is, how often it ran, why it ran, and where it led. */
export function ExplainCard({ node, view, edgesObserved, questions, onShow, onClose }: ExplainCardProps) {
  const names = new Map(view.nodes.map(({ id, name }) => [id, name]));
  const incoming = view.edges.filter(({ target }) => target === node.id);
  const outgoing = view.edges.filter(({ source }) => source === node.id);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    const close = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    const element = card.current?.parentElement;
    element?.addEventListener("keydown", close);
    return () => element?.removeEventListener("keydown", close);
  }, [onClose]);

  return (
    <aside className="explain" aria-label={`About ${node.name}`} data-testid="explain-node" ref={card}>
      <header className="explain__header">
        <Icon name={KIND_ICON[node.kind]} />
        <h3 className="explain__name">{node.name}</h3>
        <IconButton icon="close" label="Close" shortcut="Esc" onClick={onClose} />
      </header>
      <p className="explain__chips">
        <Chip tone={NODE_STATUS[node.status].tone} icon={NODE_STATUS[node.status].icon}>
          {statusText(node)}
        </Chip>
        {isUndeclared(node, view.hasSchema) && <Chip icon="eye">Observed only</Chip>}
        {view.hasSchema && !node.observed && node.kind === "node" && <Chip>Declared, not run</Chip>}
      </p>
      <Figures node={node} />
      {node.lastError !== null && (
        <Part title="Last error">
          <CodeBlock code={node.lastError} label="Copy the error" wrap />
        </Part>
      )}
      {questions.length > 0 && (
        <Part title="What it asks">
          {questions.map((question) => (
            <BoundedText key={question} text={prettyJson(question)} copyLabel="Copy the question" />
          ))}
        </Part>
      )}
      {node.kind !== "start" && (
        <Part title="Why it ran">
          <Why node={node} edges={incoming} observed={edgesObserved} names={names} onShow={onShow} />
        </Part>
      )}
      {outgoing.length > 0 && (
        <Part title="Where it leads">
          <EdgeList edges={outgoing} end="target" names={names} onShow={onShow} />
        </Part>
      )}
      {Object.keys(node.metadata).length > 0 && (
        <Part title="Metadata">
          <dl className="explain__facts">
            {Object.entries(node.metadata).map(([name, value]) => (
              <Fact key={name} label={name}>
                <span className="explain__value">{value}</span>
              </Fact>
            ))}
          </dl>
        </Part>
      )}
    </aside>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="explain__part">
      <h4 className="explain__title">{title}</h4>
      {children}
    </section>
  );
}

function Figures({ node }: { node: GraphNode }) {
  if (node.executions === 0) return null;
  const mean = node.done + node.errors > 0 ? node.durationUs / (node.done + node.errors) : null;
  return (
    <dl className="explain__facts">
      <Fact label="Visits">{count(node.executions)}</Fact>
      <Fact label="Running now">{count(node.active)}</Fact>
      <Fact label="Done">{count(node.done)}</Fact>
      <Fact label="Failed tries">{count(node.errors)}</Fact>
      <Fact label="Retries">{count(node.retries)}</Fact>
      <Fact label="From cache">{count(node.cached)}</Fact>
      <Fact label="Total time">{duration(node.durationUs)}</Fact>
      <Fact label="Mean time">{duration(mean)}</Fact>
      <Fact label="LLM calls">{count(node.llmCalls)}</Fact>
      <Fact label="Tool calls">{count(node.toolCalls)}</Fact>
      <Fact label="Newest visit started">{fullInstant(node.lastStartUs) || "–"}</Fact>
    </dl>
  );
}

interface WhyProps {
  node: GraphNode;
  edges: readonly GraphEdge[];
  observed: boolean;
  names: ReadonlyMap<string, string>;
  onShow: (id: string) => void;
}

function Why({ node, edges, observed, names, onShow }: WhyProps) {
  if (node.executions === 0) {
    return (
      <>
        <p className="muted">It has not run at this moment. It can be reached from:</p>
        <EdgeList edges={edges} end="source" names={names} onShow={onShow} />
      </>
    );
  }
  const taken = edges.filter((edge) => edge.taken);
  if (taken.length === 0) {
    return (
      <p className="muted">
        {observed
          ? "No edge into it was observed: it was started by the input, or from outside of this graph."
          : "Edges were not observed in this run, so what led here is not known."}
      </p>
    );
  }
  return <EdgeList edges={taken} end="source" names={names} onShow={onShow} />;
}

interface EdgeListProps {
  edges: readonly GraphEdge[];
  end: "source" | "target";
  names: ReadonlyMap<string, string>;
  onShow: (id: string) => void;
}

function EdgeList({ edges, end, names, onShow }: EdgeListProps) {
  return (
    <ul className="explain__edges">
      {edges.map((edge) => (
        <li key={edge.id} className="explain__edge">
          <Icon name={end === "source" ? "arrow-left" : "arrow-right"} size={11} />
          <button type="button" className="explain__link truncate" onClick={() => onShow(edge[end])}>
            {names.get(edge[end]) ?? edge[end]}
          </button>
          {edge.label !== "" && <span className="explain__label truncate">{edge.label}</span>}
          <span className="explain__count">
            {edge.taken ? plural(edge.count, "time") : "not taken"}
            {edge.width > 1 && `, ${count(edge.width)} wide`}
            {edge.lastTaken && ", last"}
          </span>
        </li>
      ))}
    </ul>
  );
}
