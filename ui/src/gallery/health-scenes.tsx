import { HealthView } from "../features/health/health-view";
import { healthOf, partitionOf } from "../testing/fake-services";
import { connectionOf, intakeOf } from "../testing/frames";
import type { Scene } from "./gallery-page";

const RETAINED_FAILS = "the retained tier cannot be written; replays read the log instead";

export const HEALTH_SCENES: readonly Scene[] = [
  {
    id: "health-ok",
    title: "All is well",
    show: () => (
      <HealthView
        reading={{
          health: healthOf({ retained: "working" }),
          partitions: [partitionOf(), partitionOf({ partition: 1, owned: false, settled: null })],
          arePartitionsClosed: false,
          atMs: 0,
          failure: null,
        }}
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
        reading={{
          health: healthOf({
            level: "failed",
            reasons: [
              { check: "log", level: "failed", message: "the log refuses records: the disk is full" },
              { check: "retained", level: "degraded", message: RETAINED_FAILS },
              { check: "disk", level: "degraded", message: "12 MiB free in the data directory" },
            ],
            unknown: ["index_lag"],
            retained: "failing",
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
          arePartitionsClosed: false,
          atMs: 0,
          failure: null,
        }}
        intake={intakeOf({ level: "stalled", pendingRecords: 612, averageMs: 7_200, maximumMs: 31_000 })}
        connection={connectionOf({ phase: "falling_behind", reason: "Records wait longer than 30 s." })}
        askedAt="12:00:00"
      />
    ),
  },
  {
    id: "health-idle",
    title: "Idle, for a token of some tenants",
    show: () => (
      <HealthView
        reading={{ health: healthOf(), partitions: null, arePartitionsClosed: true, atMs: 0, failure: null }}
        intake={intakeOf({ level: "idle", recordsPerSecond: 0 })}
        connection={connectionOf()}
        askedAt="12:00:00"
      />
    ),
  },
  {
    id: "health-none",
    title: "No answer",
    show: () => (
      <HealthView
        reading={{
          health: null,
          partitions: null,
          arePartitionsClosed: false,
          atMs: null,
          failure: "no answer from the gateway",
        }}
        intake={null}
        connection={null}
        askedAt={null}
      />
    ),
  },
];
