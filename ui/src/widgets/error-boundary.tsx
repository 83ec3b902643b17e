import { Component, type ReactNode } from "react";
import { Button } from "./button";
import { CodeBlock } from "./code-block";
import { EmptyState } from "./empty-state";

interface ErrorBoundaryProps {
  /** What failed, for people: "The timeline". */
  what: string;
  /** Try again by itself when this changes. */
  resetKey?: string;
  children: ReactNode;
}

interface Failure {
  error: unknown;
}

/** Keeps a failure to where it happened, says why, and offers another try. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { failure: Failure | null }> {
  override state: { failure: Failure | null } = { failure: null };

  static getDerivedStateFromError(error: unknown) {
    return { failure: { error } };
  }

  override componentDidUpdate(before: ErrorBoundaryProps) {
    if (this.state.failure && before.resetKey !== this.props.resetKey) this.setState({ failure: null });
  }

  override render() {
    const { failure } = this.state;
    if (!failure) return this.props.children;
    return (
      <div role="alert" className="error-boundary">
        <EmptyState
          icon="alert"
          title={`${this.props.what} could not be shown`}
          actions={
            <>
              <CodeBlock code={messageOf(failure.error)} label="Copy the error" wrap />
              <Button icon="loop" onClick={() => this.setState({ failure: null })}>
                Try again
              </Button>
            </>
          }
        >
          This is a defect of the page. Nothing that was received is lost, and everything else goes on.
        </EmptyState>
      </div>
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
