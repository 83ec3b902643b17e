import { Button } from "../../../widgets/button";
import { Icon } from "../../../widgets/icon";
import { Popover } from "../../../widgets/popover";
import { NODE_STATUS } from "./node-status";

const LINES: readonly (readonly [name: string, text: string])[] = [
  ["idle", "Not taken"],
  ["taken", "Taken"],
  ["last", "Led to the newest visit"],
  ["conditional", "Conditional"],
  ["send", "Send: one task per item"],
];

/** What every mark of the canvas means. */
export function GraphLegend() {
  return (
    <Popover
      label="Legend"
      align="start"
      trigger={
        <Button variant="ghost" icon="info">
          Legend
        </Button>
      }
    >
      <div className="graph-legend">
        <h3>Nodes</h3>
        <ul>
          {Object.entries(NODE_STATUS).map(([status, look]) => (
            <li key={status} className="graph-legend__status" data-status={status}>
              <Icon name={look.icon} size={12} />
              {look.label}
            </li>
          ))}
          <li>
            <span className="graph-legend__dashed" />
            Observed only: not in the declared structure
          </li>
          <li>
            <span className="graph-legend__mark">×3</span> Visits
          </li>
          <li>
            <Icon name="loop" size={12} /> Retries
          </li>
          <li>
            <Icon name="lock" size={12} /> Answered from the cache
          </li>
          <li>
            <Icon name="spark" size={12} /> LLM calls
          </li>
          <li>
            <Icon name="wrench" size={12} /> Tool calls
          </li>
        </ul>
        <h3>Edges</h3>
        <ul>
          {LINES.map(([name, text]) => (
            <li key={name}>
              <svg className="graph-legend__line" viewBox="0 0 32 8" aria-hidden="true">
                <path className={`graph-edge graph-edge--${name}`} d="M1 4H31" />
              </svg>
              {text}
            </li>
          ))}
          <li>
            <span className="graph-legend__mark">×3</span> How often it was taken
          </li>
          <li>
            <Icon name="lanes" size={12} /> Tasks of the widest Send
          </li>
        </ul>
      </div>
    </Popover>
  );
}
