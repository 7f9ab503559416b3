import { Outlet } from "@tanstack/react-router";

import { ChoosePasswordPage } from "../pages/account/ChoosePasswordPage";
import { SetupDialog } from "../pages/account/SetupDialog";
import { SignInPage } from "../pages/account/SignInPage";
import { useEventStream } from "./events";
import { useSession } from "./session";
import { Shell } from "./Shell";

/** What one sees at any address: who has to do something first does that, and is then where they wanted to be. */
export function Frame() {
  const { me, status } = useSession();
  useEventStream();
  if (status.multiuser_enabled && (status.setup_required || status.recovery) && me === null) {
    return <SetupDialog />;
  }
  if (me === null) return <SignInPage />;
  if (me.must_change_password) return <ChoosePasswordPage />;
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
