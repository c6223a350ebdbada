/** Buttons, and links that look like one. */

import { Link, type LinkProps } from "../../routing";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Icon, type IconName } from "../Icon/Icon";

export type ButtonKind = "plain" | "main" | "danger" | "ghost";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  icon?: IconName;
  /** Something is on its way: the button waits, and keeps the focus. */
  busy?: boolean;
}

export function Button({ kind = "plain", icon, busy = false, children, type = "button", onClick, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={classes(kind)}
      aria-disabled={busy || undefined}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that is only an icon; `label` is what it is called. */
export function IconButton({ label, icon, ...rest }: Omit<Props, "children"> & { label: string; icon: IconName }) {
  return (
    <Button kind="ghost" {...rest} icon={icon} aria-label={label} title={label} />
  );
}

export function ButtonLink({ kind = "plain", icon, children, ...link }: LinkProps & { kind?: ButtonKind; icon?: IconName; children?: ReactNode }) {
  return (
    <Link {...link} className={classes(kind)}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Link>
  );
}

function classes(kind: ButtonKind): string {
  return kind === "plain" ? "button" : `button button-${kind}`;
}
