/** Somebody in a list, with what one can do about them. */

import type { ReactNode } from "react";
import type { PublicUser } from "../../api/schema";
import { Link } from "../../routing";
import { Avatar } from "../Avatar/Avatar";
import { Row } from "../Page/Page";

export function PersonRow({ user, children }: { user: PublicUser; children: ReactNode }) {
  return (
    <Row
      before={<Avatar user={user} size={42} />}
      title={
        <Link to="/@$username" params={{ username: user.username }}>
          {user.name}
        </Link>
      }
      text={`@${user.username}`}
    >
      {children}
    </Row>
  );
}
