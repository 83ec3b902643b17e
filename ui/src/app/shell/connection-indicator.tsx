import { useStore } from "zustand";
import { intakeCard } from "../../features/health/health-cards";
import type { IntakeHealth } from "../../stores/engine";
import { gatewayContact } from "../../stores/gateway-contact";
import { useFrame } from "../../stores/use-frame";
import { useServices } from "../../stores/use-services";
import { Chip } from "../../widgets/chip";
import { Fact } from "../../widgets/field";
import { Popover } from "../../widgets/popover";
import { Prose } from "../../widgets/prose";
import { connectionWords } from "./connection-words";

/** One word on the connection; cause and remedy on demand. Changes are announced. */
export function ConnectionIndicator() {
  const frame = useFrame(useServices().engine);
  const contact = useStore(gatewayContact);
  const connection = frame?.connection ?? null;
  const { label, tone, pulse, cause, remedy } = connectionWords(connection, contact);
  return (
    <>
      <Popover
        label="Connection"
        trigger={
          <button
            type="button"
            className="connection"
            data-testid="connection"
            aria-label={`Connection: ${label}`}
          >
            <Chip tone={tone} dot pulse={pulse} quiet>
              {label}
            </Chip>
          </button>
        }
      >
        <dl className="connection__facts">
          <Fact label="Cause">
            <Prose text={cause} />
          </Fact>
          <Fact label="Remedy">
            <Prose text={remedy} />
          </Fact>
          {connection?.serverVersion && <Fact label="Gateway">DashStream {connection.serverVersion}</Fact>}
          {connection?.instance && (
            <Fact label="Instance">
              <code>{connection.instance}</code>
            </Fact>
          )}
          {frame && frame.openId !== null && <IntakeFacts intake={frame.intake} />}
          {connection && connection.attempt > 1 && <Fact label="Attempt">{connection.attempt}</Fact>}
        </dl>
      </Popover>
      <span className="visually-hidden" role="status">
        Connection: {label}
      </span>
    </>
  );
}

/** How far what is shown is behind what was received. */
function IntakeFacts({ intake }: { intake: IntakeHealth }) {
  const { level, tone, facts } = intakeCard(intake);
  return (
    <>
      <Fact label="Intake of this page">
        <span data-testid="intake-level">
          <Chip tone={tone}>{level}</Chip>
        </span>
      </Fact>
      {facts.map(([label, value]) => (
        <Fact key={label} label={label}>
          {value}
        </Fact>
      ))}
    </>
  );
}
