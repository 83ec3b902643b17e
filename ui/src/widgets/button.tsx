import type { ButtonHTMLAttributes } from "react";
import "./button.css";
import { Icon, type IconName } from "./icon";
import { Tooltip } from "./tooltip";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: "default" | "primary" | "ghost";
  icon?: IconName;
  pressed?: boolean;
  "data-testid"?: string;
}

export function Button({ variant = "default", icon, pressed, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button button--${variant}${className ? ` ${className}` : ""}`}
      aria-pressed={pressed}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, "children" | "icon" | "aria-label"> {
  icon: IconName;
  label: string;
  shortcut?: string;
}

export function IconButton({
  icon,
  label,
  shortcut,
  className,
  variant = "ghost",
  pressed,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip content={label} {...(shortcut ? { shortcut } : {})}>
      <button
        type="button"
        className={`button button--icon button--${variant}${className ? ` ${className}` : ""}`}
        aria-label={label}
        aria-pressed={pressed}
        {...rest}
      >
        <Icon name={icon} />
      </button>
    </Tooltip>
  );
}
