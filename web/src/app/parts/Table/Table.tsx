/** A table of plain cells; wide ones scroll inside their frame. */

import type { Key, ReactNode } from "react";
import styles from "./Table.module.css";

export function Table({ caption, heads, rows }: { caption: string; heads: readonly string[]; rows: readonly { key: Key; cells: readonly ReactNode[] }[] }) {
  return (
    <div className={styles.frame} tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, at) => (
                <td key={heads[at]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
