import { Link } from "wouter";
import { EmptyState } from "../widgets/empty-state";

export function NotFoundPage() {
  return (
    <EmptyState
      icon="link"
      title="There is no such page"
      actions={<Link href="/">Go to the list of runs</Link>}
    >
      <code>{location.pathname}</code> is none of the page's addresses. A link to a run looks like{" "}
      <code>/runs/run_id</code>.
    </EmptyState>
  );
}
