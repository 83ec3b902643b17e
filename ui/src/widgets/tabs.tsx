import { Tabs as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon";
import "./tabs.css";

export interface Tab {
  id: string;
  label: string;
  icon?: IconName;
  count?: string | null;
  content: ReactNode;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  active: string;
  onChange: (id: string) => void;
}

/** Only the active panel is mounted: a hidden pane costs nothing. */
export function Tabs({ label, tabs, active, onChange }: TabsProps) {
  return (
    <Primitive.Root className="tabs" value={active} onValueChange={onChange}>
      <Primitive.List className="tabs__list" aria-label={label}>
        {tabs.map((tab) => (
          <Primitive.Trigger key={tab.id} value={tab.id} className="tabs__tab">
            {tab.icon && <Icon name={tab.icon} />}
            {tab.label}
            {tab.count && <span className="tabs__count">{tab.count}</span>}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {tabs.map((tab) => (
        <Primitive.Content key={tab.id} value={tab.id} className="tabs__panel" tabIndex={-1}>
          {tab.content}
        </Primitive.Content>
      ))}
    </Primitive.Root>
  );
}
