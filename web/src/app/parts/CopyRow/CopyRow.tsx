/** An address or command with its copy button. */

import { useEffect, useState } from "react";
import { copyText } from "../../../dom";
import { t } from "../../../i18n/app";
import { Button } from "../Button/Button";

const SHOWN_MS = 2_000;

export function CopyRow({ value, label, secret = false }: { value: string; label: string; secret?: boolean }) {
  return (
    <div className="address">
      <span className="address-name">{label}</span>
      <div className="copy-row">
        <code tabIndex={0}>{secret ? "•".repeat(24) : value}</code>
        <CopyButton value={value} label={label} />
      </div>
    </div>
  );
}

export function CopyButton({ value, label, text = t("action.copy") }: { value: string; label: string; text?: string }) {
  const [done, setDone] = useState<boolean>();
  useEffect(() => {
    if (done === undefined) return undefined;
    const timer = setTimeout(() => setDone(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const shown = done === undefined ? text : done ? t("action.copied") : t("action.copyFailed");
  return (
    <Button icon={done === true ? "check" : "copy"} aria-label={`${shown}: ${label}`} onClick={() => void copyText(value).then(setDone)}>
      {shown}
    </Button>
  );
}
