import { Button, IconButton } from "../../../widgets/button";
import { Select } from "../../../widgets/field";
import { SPEEDS } from "./playback";

interface TransportProps {
  step: number;
  first: number;
  last: number;
  live: boolean;
  running: boolean;
  playing: boolean;
  speed: number;
  onStep: (step: number) => void;
  onLive: () => void;
  onPlay: () => void;
  onSpeed: (speed: number) => void;
  onMarker: (direction: -1 | 1) => void;
  hasMarker: (direction: -1 | 1) => boolean;
}

/** Buttons that move the playhead. */
export function Transport(props: TransportProps) {
  const { step, first, last, live, running, playing, speed, onStep, onLive, onPlay, onSpeed } = props;
  const { onMarker, hasMarker } = props;
  return (
    <div className="transport">
      <IconButton
        icon="marker-prev"
        label="Previous error or interrupt"
        shortcut="["
        disabled={!hasMarker(-1)}
        onClick={() => onMarker(-1)}
      />
      <IconButton
        icon="step-prev"
        label="Previous step"
        shortcut="←"
        disabled={step <= first}
        onClick={() => onStep(step - 1)}
        data-testid="step-prev"
      />
      <IconButton
        icon={playing ? "pause" : "play"}
        label={playing ? "Pause" : "Play"}
        shortcut="space"
        disabled={last < 0}
        onClick={onPlay}
        data-testid="play-button"
      />
      <IconButton
        icon="step-next"
        label="Next step"
        shortcut="→"
        disabled={step >= last}
        onClick={() => onStep(step + 1)}
        data-testid="step-next"
      />
      <IconButton
        icon="marker-next"
        label="Next error or interrupt"
        shortcut="]"
        disabled={!hasMarker(1)}
        onClick={() => onMarker(1)}
      />
      <Select
        label="Speed"
        value={String(speed)}
        onValue={(value) => onSpeed(Number(value))}
        options={SPEEDS.map((value) => [String(value), `${value} steps/s`] as const)}
      />
      <Button
        pressed={live}
        onClick={onLive}
        title={running ? "Follow the run as it goes on (l)" : "Go to the end of the run (l)"}
        data-testid="live-button"
      >
        <span className={`transport__live${live && running ? " transport__live--on" : ""}`} />
        {running ? "Live" : "Latest"}
      </Button>
    </div>
  );
}
