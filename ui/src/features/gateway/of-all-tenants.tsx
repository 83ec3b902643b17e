/** What is of all tenants together: closed to who is bound to some, with what is open instead. Nothing is asked in vain. */

import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAccess } from "../../stores/use-access";
import { EmptyState } from "../../widgets/empty-state";
import { TokenForm } from "./token-form";
import "./gateway.css";

interface OfAllTenantsProps {
  /** What it is, in the plural. */
  title: string;
  children: ReactNode;
}

export function OfAllTenants({ title, children }: OfAllTenantsProps) {
  const { value: access, failure, askAgain } = useAccess();
  if (access === null && failure === null) return <EmptyState icon="lock" title="Reading…" />;
  const tenants = access?.tenants ?? null;
  if (tenants === null) return children;
  return (
    <EmptyState
      icon="lock"
      title={`${title} are not for this token`}
      actions={
        <div className="token-needed" data-testid="not-for-this-token">
          <nav aria-label="What this token may see">
            It may see <Link href="/">runs</Link>, <Link href="/needs-you">what needs you</Link> and the
            gateway's <Link href="/health">health</Link>.
          </nav>
          <span className="muted">A token for all tenants opens this screen:</span>
          <TokenForm onUsed={askAgain} />
        </div>
      }
    >
      The token is for {namesOf(tenants)}; {title.toLowerCase()} are of all tenants together.
    </EmptyState>
  );
}

const SHOWN = 3;

function namesOf(tenants: readonly string[]): string {
  const more = tenants.length - SHOWN;
  const shown = tenants.slice(0, SHOWN).join(", ");
  const word = tenants.length === 1 ? "the tenant" : "the tenants";
  return more > 0 ? `${word} ${shown} and ${more} more` : `${word} ${shown}`;
}
