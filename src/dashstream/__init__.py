"""DashStream: live, loss-proof telemetry and verified state for AI agent graphs."""
