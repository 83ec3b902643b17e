import { HealthView } from "../features/health/health-view";
import { connectionOf, intakeOf } from "../testing/frames";
import type { Scene } from "./gallery-page";

const OK = { level: "ok", reasons: [], unknown: [], windowS: 60 } as const;

export const HEALTH_SCENES: readonly Scene[] = [
  {
    id: "health-ok",
    title: "All is well",
    show: () => (
      <HealthView
        reading={{ health: OK, atMs: 0, failure: null }}
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
          health: {
            level: "failed",
            reasons: [
              { check: "log", level: "failed", message: "the log refuses records: the disk is full" },
              { check: "disk", level: "degraded", message: "12 MiB free in the data directory" },
            ],
            unknown: ["index_lag"],
            windowS: 60,
          },
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
    id: "health-none",
    title: "No answer",
    show: () => (
      <HealthView
        reading={{ health: null, atMs: null, failure: "no answer from the gateway" }}
        intake={null}
        connection={null}
        askedAt={null}
      />
    ),
  },
];
