/** A picture chosen from the device: it is sent at once, and the form gets its address. */

import { useId, useRef, useState } from "react";
import { t } from "../../../i18n/app";
import { errorText } from "../../api/errors";
import { uploadPicture, type PictureKind } from "../../api/upload";
import { ownPicture } from "../../looks";
import { Button } from "../Button/Button";
import styles from "./PictureField.module.css";

const TYPES = "image/jpeg,image/png,image/webp";

export function PictureField({
  label,
  name,
  kind,
  defaultValue = "",
  defaultPicture = ownPicture(defaultValue),
}: {
  label: string;
  name: string;
  kind: PictureKind;
  defaultValue?: string;
  /** Where the picture at `defaultValue` is had, when that takes more than its address. */
  defaultPicture?: string | undefined;
}) {
  const id = useId();
  const [address, setAddress] = useState(defaultValue);
  const [percent, setPercent] = useState<number>();
  const [told, setTold] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const picture = address === defaultValue ? defaultPicture : ownPicture(address);

  const choose = async (file: File | undefined) => {
    if (file === undefined) return;
    setTold(undefined);
    setPercent(0);
    try {
      setAddress((await uploadPicture(kind, file, setPercent)).url);
    } catch (error) {
      setTold(errorText(error));
    } finally {
      setPercent(undefined);
      // The same file may be chosen again after a failure.
      if (input.current !== null) input.current.value = "";
    }
  };
  return (
    <div className={styles.field} role="group" aria-labelledby={id}>
      <span id={id} className={styles.label}>
        {label}
      </span>
      <div
        className={styles.row}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          void choose(event.dataTransfer.files[0]);
        }}
      >
        <span className={styles.picture} data-kind={kind}>
          {picture === undefined ? <span>{t("picture.none")}</span> : <img src={picture} alt="" />}
        </span>
        <div className={styles.side}>
          <div className={styles.buttons}>
            <Button busy={percent !== undefined} onClick={() => input.current?.click()}>
              {percent === undefined ? t("picture.choose") : t("picture.uploading", { percent })}
            </Button>
            {address !== "" && (
              <Button kind="ghost" icon="trash" onClick={() => setAddress("")}>
                {t("picture.remove")}
              </Button>
            )}
          </div>
          <p className={told === undefined ? styles.hint : styles.told} role={told === undefined ? undefined : "alert"}>
            {told ?? t("picture.hint")}
          </p>
        </div>
        <input ref={input} className="visually-hidden" type="file" accept={TYPES} tabIndex={-1} aria-label={label} onChange={(event) => void choose(event.target.files?.[0])} />
        <input type="hidden" name={name} value={address} />
      </div>
    </div>
  );
}
