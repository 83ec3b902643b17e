import type { InputHTMLAttributes, ReactNode, Ref } from "react";
import "./field.css";
import { Icon } from "./icon";
import { Kbd } from "./kbd";

interface SearchFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> {
  label: string;
  value: string;
  onValue: (value: string) => void;
  shortcut?: string;
  ref?: Ref<HTMLInputElement>;
  "data-testid"?: string;
}

export function SearchField({ label, value, onValue, shortcut, ref, ...rest }: SearchFieldProps) {
  return (
    <div className="field field--search">
      <Icon name="search" />
      <input
        ref={ref}
        className="field__input"
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (value) onValue("");
          else event.currentTarget.blur();
        }}
        spellCheck={false}
        autoComplete="off"
        {...(shortcut ? { "data-search-shortcut": "" } : {})}
        {...rest}
      />
      {shortcut && !value && <Kbd keys={shortcut} />}
    </div>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  options: readonly (readonly [value: string, label: string])[];
}

export function Select({ label, value, onValue, options }: SelectProps) {
  return (
    <div className="field field--select">
      <select
        className="field__select"
        aria-label={label}
        value={value}
        onChange={(event) => onValue(event.target.value)}
      >
        {options.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" size={10} />
    </div>
  );
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt className="fact__label">{label}</dt>
      <dd className="fact__value">{children}</dd>
    </div>
  );
}
