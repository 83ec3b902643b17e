import { CodeBlock } from "../../widgets/code-block";
import { EmptyState } from "../../widgets/empty-state";

/** The first thing a new user sees: how to get a run here. */
export function NoRuns() {
  return (
    <EmptyState
      icon="terminal"
      title="No runs yet"
      actions={
        <>
          <span className="muted">Watch a LangGraph program, without changing it:</span>
          <CodeBlock code="dashstream run app.py" label="Copy the command" />
          <span className="muted">Or have one line in the program do it:</span>
          <CodeBlock code={"import dashstream\n\ndashstream.auto()"} label="Copy the lines" />
          <span className="muted">Or see an example that needs no key and no network:</span>
          <CodeBlock code="dashstream demo" label="Copy the command" />
          <span className="muted">Or drop a .dsrun file here.</span>
        </>
      }
    >
      A run appears here the moment an instrumented program starts.
    </EmptyState>
  );
}
