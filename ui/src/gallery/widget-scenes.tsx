import { type ReactNode, useState } from "react";
import { Banner } from "../widgets/banner";
import { Button, IconButton } from "../widgets/button";
import { Chip, type Tone } from "../widgets/chip";
import { CodeBlock } from "../widgets/code-block";
import { CopyButton } from "../widgets/copy-button";
import { Dialog } from "../widgets/dialog";
import { DiffBlock } from "../widgets/diff-block";
import { EmptyState } from "../widgets/empty-state";
import { ErrorBoundary } from "../widgets/error-boundary";
import { Fact, SearchField, Select } from "../widgets/field";
import { ICON_NAMES, Icon } from "../widgets/icon";
import { Kbd } from "../widgets/kbd";
import { Popover } from "../widgets/popover";
import { Progress } from "../widgets/progress";
import { RunStatusChip } from "../widgets/run-status";
import { SplitPane } from "../widgets/split-pane";
import { Tabs } from "../widgets/tabs";
import { useNotify } from "../widgets/toast";
import { VirtualList } from "../widgets/virtual-list";
import type { Scene } from "./gallery-page";

const TONES: readonly Tone[] = [
  "neutral",
  "running",
  "ok",
  "error",
  "waiting",
  "loss",
  "llm",
  "tool",
  "accent",
];
const STATUSES = [
  "running",
  "ok",
  "error",
  "cancelled",
  "interrupted",
  "recursion_limit",
  "closed",
  "timed_out",
] as const;

export const WIDGET_SCENES: readonly Scene[] = [
  { id: "controls", title: "Controls", show: () => <Controls /> },
  { id: "dialog", title: "A dialog", show: () => <Controls />, press: ["Open a dialog"] },
  { id: "popover", title: "A popover", show: () => <Controls />, press: ["Open a popover"] },
  { id: "facts", title: "Chips, banners, texts", show: () => <Facts /> },
  { id: "layout", title: "Panes, tabs, lists", show: () => <Layout /> },
  { id: "failure", title: "A pane that failed", show: () => <Failure /> },
];

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="gallery__part">
      <h3>{title}</h3>
      <div className="gallery__row">{children}</div>
    </section>
  );
}

function Controls() {
  const [text, setText] = useState("");
  const [choice, setChoice] = useState("a");
  const [open, setOpen] = useState(false);
  const notify = useNotify();
  return (
    <div className="gallery__page">
      <Part title="Buttons">
        <Button>Default</Button>
        <Button variant="primary">Primary</Button>
        <Button variant="ghost">Ghost</Button>
        <Button icon="loop">With an icon</Button>
        <Button pressed>Pressed</Button>
        <Button disabled>Disabled</Button>
        <IconButton icon="play" label="Play" shortcut="space" />
        <IconButton icon="step-next" label="Disabled" disabled />
        <CopyButton label="Copy" text="copied text" />
      </Part>
      <Part title="Fields">
        <SearchField label="Search" value={text} onValue={setText} shortcut="/" />
        <Select
          label="Choice"
          value={choice}
          onValue={setChoice}
          options={[
            ["a", "First"],
            ["b", "Second"],
          ]}
        />
        <Kbd keys="g r" />
      </Part>
      <Part title="Above the page">
        <Button onClick={() => setOpen(true)}>Open a dialog</Button>
        <Popover label="Details" trigger={<Button>Open a popover</Button>}>
          Details on demand.
        </Popover>
        <Button onClick={() => notify("Saved", "check")}>Show a toast</Button>
        <Dialog title="A dialog" description="With a description." open={open} onClose={() => setOpen(false)}>
          Its body.
        </Dialog>
      </Part>
      <Part title="Icons">
        {ICON_NAMES.map((name) => (
          <span key={name} className="gallery__icon" title={name}>
            <Icon name={name} size={16} />
          </span>
        ))}
      </Part>
    </div>
  );
}

function Facts() {
  return (
    <div className="gallery__page">
      <Part title="Run statuses">
        {STATUSES.map((status) => (
          <RunStatusChip key={status} status={status} />
        ))}
        <RunStatusChip status="interrupted" needsYou />
      </Part>
      <Part title="Chips">
        {TONES.map((tone) => (
          <Chip key={tone} tone={tone} dot>
            {tone}
          </Chip>
        ))}
        <Chip quiet icon="clock">
          quiet
        </Chip>
      </Part>
      <Part title="Banners">
        <div className="gallery__column">
          <Banner title="A new epoch">The log was recreated.</Banner>
          <Banner tone="waiting" title="approve waits for you" actions={<Button>Go to step 4</Button>}>
            Is this draft good enough?
          </Banner>
          <Banner tone="error" title="ValueError in write">
            The model's answer was empty.
          </Banner>
          <Banner tone="loss" title="40 records are missing">
            The log no longer keeps them.
          </Banner>
          <Progress label="Known" value={0.4} />
          <Progress label="Unknown" />
        </div>
      </Part>
      <Part title="Texts">
        <div className="gallery__column">
          <CodeBlock code={'{\n  "score": 0.9\n}'} />
          <DiffBlock before="Tides rise with the moon." after="Tides rise and fall with the moon." />
          <dl className="gallery__row">
            <Fact label="Duration">14.2 s</Fact>
            <Fact label="Steps">8</Fact>
          </dl>
        </div>
      </Part>
    </div>
  );
}

function Layout() {
  const [share, setShare] = useState(0.4);
  const [active, setActive] = useState<number | null>(2);
  const [tab, setTab] = useState("list");
  return (
    <div className="gallery__box">
      <SplitPane
        label="Share"
        direction="row"
        share={share}
        onShare={setShare}
        first={
          <EmptyState icon="graph" title="An empty pane" actions={<Button>What to do</Button>}>
            It says why it is empty.
          </EmptyState>
        }
        second={
          <Tabs
            label="Example"
            active={tab}
            onChange={setTab}
            tabs={[
              {
                id: "list",
                label: "List",
                icon: "list",
                count: "10K",
                content: (
                  <VirtualList
                    label="Rows"
                    role="listbox"
                    count={10_000}
                    rowHeight={28}
                    active={active}
                    onActive={setActive}
                    rowId={(index) => `gallery-item-${index}`}
                    row={(index) => (
                      <div
                        id={`gallery-item-${index}`}
                        role="option"
                        tabIndex={-1}
                        aria-selected={index === active}
                        className={`gallery__item${index === active ? " gallery__item--active" : ""}`}
                      >
                        Row {index}
                      </div>
                    )}
                  />
                ),
              },
              { id: "other", label: "Other", content: <EmptyState compact title="Nothing here" /> },
            ]}
          />
        }
      />
    </div>
  );
}

function Failure() {
  return (
    <div className="gallery__box">
      <ErrorBoundary what="The example">
        <Broken />
      </ErrorBoundary>
    </div>
  );
}

function Broken(): ReactNode {
  throw new Error("an example of a defect");
}
