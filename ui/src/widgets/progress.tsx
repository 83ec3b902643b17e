import "./progress.css";

interface ProgressProps {
  label: string;
  /** 0 to 1; absent means that the amount is not known. */
  value?: number | null;
}

export function Progress({ label, value }: ProgressProps) {
  const known = value !== undefined && value !== null;
  return (
    <div
      className={`progress${known ? "" : " progress--unknown"}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(known ? { "aria-valuenow": Math.round(value * 100) } : {})}
    >
      <div className="progress__bar" style={known ? { width: `${value * 100}%` } : undefined} />
    </div>
  );
}
