import { useEffect } from "react";
import { instant } from "../../model/display";
import { useGatewayHealth } from "../../stores/gateway-health";
import { useHealthTrend } from "../../stores/health-trend";
import { useAccess } from "../../stores/use-access";
import { useFrame } from "../../stores/use-frame";
import { useServices } from "../../stores/use-services";
import { HealthView } from "./health-view";

export function HealthPage() {
  const { api, engine, nowMs, monotonicMs } = useServices();
  const access = useAccess().value;
  const reading = useGatewayHealth(api, nowMs, access && access.tenants !== null);
  const frame = useFrame(engine);
  const intake = frame?.openId ? frame.intake : null;
  const samples = useHealthTrend(reading, intake, monotonicMs);
  useEffect(() => {
    document.title = "Health · DashStream";
  }, []);
  return (
    <HealthView
      reading={reading}
      samples={samples}
      intake={intake}
      connection={frame?.connection ?? null}
      askedAt={reading.atMs === null ? null : instant(reading.atMs * 1000, nowMs())}
    />
  );
}
