import { Link } from "wouter";
import { sentence } from "../../model/display";
import type { ConnectionStatus, IntakeHealth } from "../../stores/engine";
import type { HealthReading } from "../../stores/gateway-health";
import { type HealthSample, HOLE_MS, seriesOf, TREND_MS } from "../../stores/health-trend";
import { Chip } from "../../widgets/chip";
import { Fact } from "../../widgets/field";
import { Prose } from "../../widgets/prose";
import { Sparkline } from "../../widgets/sparkline";
import type { Card, Chart, ScreenLink } from "./card";
import { deadLettersCard, dutiesCard, retainedCard } from "./duty-cards";
import {
  connectionCard,
  gatewayCard,
  intakeCard,
  reasonLink,
  reasonRemedy,
  reasonTone,
} from "./health-cards";
import { PartitionTable } from "./partition-table";
import { indexCard, producersCard, viewersCard } from "./traffic-cards";
import "./health.css";

interface HealthViewProps {
  reading: HealthReading;
  samples: readonly HealthSample[];
  intake: IntakeHealth | null;
  connection: ConnectionStatus | null;
  askedAt: string | null;
}

export function HealthView({ reading, samples, intake, connection, askedAt }: HealthViewProps) {
  const reasons = reading.failure === null ? (reading.health?.reasons ?? []) : [];
  const cards = [
    gatewayCard(reading),
    connectionCard(connection),
    intakeCard(intake),
    producersCard(reading),
    viewersCard(reading),
    indexCard(reading),
    dutiesCard(reading),
    deadLettersCard(reading),
    retainedCard(reading),
  ];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard
    <section className="health" aria-label="Telemetry health" tabIndex={0}>
      <header className="health__head">
        <h1>Telemetry health</h1>
        <span className="muted">
          {askedAt ? `Gateway's newest answer at ${askedAt}` : "Waiting for the gateway's answer"}
        </span>
      </header>
      <div className="health__cards">
        {cards.map((card) => (
          <HealthCard key={card.title} card={card} samples={samples} />
        ))}
      </div>
      {reasons.length > 0 && (
        <section className="health__reasons">
          <h2>Findings</h2>
          <ul>
            {reasons.map(({ check, level, message }) => (
              <li key={`${check} ${message}`} className="health__reason">
                <Chip tone={reasonTone(level)}>{check}</Chip>
                <div>
                  <p>{sentence(message)}</p>
                  <p className="muted">
                    <Prose text={reasonRemedy(check)} />
                  </p>
                  <MoreLink link={reasonLink(check)} />
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {reading.failure === null && reading.partitions !== null && (
        <PartitionTable partitions={reading.partitions} />
      )}
    </section>
  );
}

function MoreLink({ link }: { link: ScreenLink | null }) {
  return (
    link && (
      <p>
        <Link href={link.href}>{link.label}</Link>
      </p>
    )
  );
}

function HealthCard({ card, samples }: { card: Card; samples: readonly HealthSample[] }) {
  return (
    <section className="health-card" aria-label={card.title}>
      <header className="health-card__head">
        <h2>{card.title}</h2>
        <Chip tone={card.tone}>{card.level}</Chip>
      </header>
      <p className="health-card__value">{card.value}</p>
      <p>
        <Prose text={card.cause} />
      </p>
      <p className="muted">
        <Prose text={card.remedy} />
      </p>
      <MoreLink link={card.link ?? null} />
      {card.facts.length > 0 && (
        <dl className="health-card__facts">
          {card.facts.map(([label, value]) => (
            <Fact key={label} label={label}>
              {value}
            </Fact>
          ))}
        </dl>
      )}
      {card.chart && <RecentWindow chart={card.chart} samples={samples} />}
    </section>
  );
}

/** Nothing while no figure of it is known. */
function RecentWindow({ chart, samples }: { chart: Chart; samples: readonly HealthSample[] }) {
  const points = seriesOf(samples, chart.series);
  return (
    points.some(({ value }) => value !== null) && (
      <Sparkline
        label={chart.label}
        points={points}
        windowMs={TREND_MS}
        holeMs={HOLE_MS}
        words={chart.words}
      />
    )
  );
}
