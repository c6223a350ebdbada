/** What people type into: a label, the input, a hint and what is wrong with it. */

import { useId, type FormEvent, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";
import { errorText } from "../../api/errors";
import styles from "./Field.module.css";

interface Around {
  label: string;
  hint?: string;
  error?: string;
}

export function Field({ label, hint, error, ...input }: Around & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(props) => <input {...input} {...props} />}
    </Labelled>
  );
}

export function TextField({ label, hint, error, ...area }: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(props) => <textarea rows={3} {...area} {...props} />}
    </Labelled>
  );
}

export function SelectField({ label, hint, error, children, ...select }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(props) => (
        <select {...select} {...props}>
          {children}
        </select>
      )}
    </Labelled>
  );
}

export function CheckField({ label, ...input }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={styles.check}>
      <input type="checkbox" {...input} />
      <span>{label}</span>
    </label>
  );
}

/** A form that is sent once, says what went wrong, and hands its texts over by name. */
export function Form({
  onSend,
  error,
  children,
}: {
  onSend: (texts: Record<string, string>) => void;
  error?: unknown;
  children: ReactNode;
}) {
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const entries = [...new FormData(event.currentTarget)].map(([name, value]) => [name, typeof value === "string" ? value : ""]);
    onSend(Object.fromEntries(entries) as Record<string, string>);
  };
  return (
    <form className={styles.form} onSubmit={send}>
      {children}
      <FormError error={error} />
    </form>
  );
}

export function FormError({ error }: { error?: unknown }) {
  // There from the beginning, so that screen readers notice what comes into it.
  return (
    <p className={styles.error} role="alert" hidden={error === undefined || error === null}>
      {error === undefined || error === null ? "" : errorText(error)}
    </p>
  );
}

export function Actions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

function Labelled({
  label,
  hint,
  error,
  children,
}: Around & { children: (props: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode }) {
  const id = useId();
  const told = error ?? hint;
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": told === undefined ? undefined : `${id}-told`,
        "aria-invalid": error === undefined ? undefined : true,
      })}
      {told !== undefined && (
        <p id={`${id}-told`} className={error === undefined ? styles.hint : styles.error}>
          {told}
        </p>
      )}
    </div>
  );
}
