import { HealthView } from "../features/health/health-view";
import { healthOf, partitionOf } from "../testing/fake-services";
import { connectionOf, intakeOf } from "../testing/frames";
import { readingOf, samplesOf } from "../testing/health-readings";
import type { Scene } from "./gallery-page";

const RETAINED_FAILS = "the retained tier cannot be written; replays read the log instead";

const CALM = samplesOf({ intakeMs: 11, unsettled: 3, accepted: 7_600, viewerLagS: 0.03, indexLag: 2 });
const BUSY = samplesOf({ intakeMs: 7_200, unsettled: 103, accepted: 18_200, viewerLagS: 7.4, indexLag: 310 });
const QUIET = samplesOf({ intakeMs: null, unsettled: null, accepted: null, viewerLagS: null, indexLag: 0 });

export const HEALTH_SCENES: readonly Scene[] = [
  {
    id: "health-ok",
    title: "All is well",
    show: () => (
      <HealthView
        reading={readingOf({
          health: healthOf({ retained: "working" }),
          partitions: [partitionOf(), partitionOf({ partition: 1, owned: false, settled: null })],
        })}
        samples={CALM}
        intake={intakeOf()}
        connection={connectionOf()}
        askedAt="12:00:00"
      />
    ),
  },
  {
    id: "health-degraded",
    title: "With findings",
    show: () => (
      <HealthView
        reading={readingOf({
          health: healthOf({
            level: "failed",
            reasons: [
              { check: "log", level: "failed", message: "the log refuses records: the disk is full" },
              { check: "retained", level: "degraded", message: RETAINED_FAILS },
              { check: "disk", level: "degraded", message: "12 MiB free in the data directory" },
            ],
            unknown: ["index_lag"],
            retained: "failing",
            producers: { accepted: 18_200, rejected: 14, overloaded: 2 },
            viewers: { connected: 5, slow: 1, applyLagS: 7.4 },
            indexLag: 310,
            deadLetters: { written: 12, waiting: 3, lostRecently: 0 },
          }),
          partitions: [
            partitionOf(),
            partitionOf({
              partition: 3,
              settled: "17",
              paused: { offset: "17", reason: "schema_mismatch", sinceUs: 0 },
            }),
          ],
        })}
        samples={BUSY}
        intake={intakeOf({ level: "stalled", pendingRecords: 612, averageMs: 7_200, maximumMs: 31_000 })}
        connection={connectionOf({ phase: "falling_behind", reason: "Records wait longer than 30 s." })}
        askedAt="12:00:00"
      />
    ),
  },
  {
    id: "health-idle",
    title: "Idle, with nobody there",
    show: () => (
      <HealthView
        reading={readingOf({
          health: healthOf({
            producers: { accepted: 0, rejected: 0, overloaded: 0 },
            viewers: { connected: 0, slow: 0, applyLagS: 0 },
          }),
        })}
        samples={samplesOf({ intakeMs: null, unsettled: 0, accepted: 0, viewerLagS: null, indexLag: 0 })}
        intake={intakeOf({ level: "idle", recordsPerSecond: 0, averageMs: null, maximumMs: null })}
        connection={connectionOf()}
        askedAt="12:00:00"
      />
    ),
  },
  {
    id: "health-bound",
    title: "For a token of some tenants",
    show: () => (
      <HealthView
        reading={readingOf({
          health: healthOf({ producers: null, viewers: null }),
          partitions: null,
          arePartitionsClosed: true,
        })}
        samples={QUIET}
        intake={null}
        connection={connectionOf({ phase: "idle", source: "none" })}
        askedAt="12:00:00"
      />
    ),
  },
  {
    id: "health-none",
    title: "No answer",
    show: () => (
      <HealthView
        reading={readingOf({
          health: null,
          partitions: null,
          dropped: null,
          atMs: null,
          failure: "no answer from the gateway",
        })}
        samples={[]}
        intake={null}
        connection={null}
        askedAt={null}
      />
    ),
  },
];
